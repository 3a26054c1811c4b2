#!/usr/bin/env bash
# pikepdf 10.18.0, Pdf.generate_appearance_streams() (documented for "simple text fields"): the looks of filled fields.
# Expected: they show what was typed. Seen: letters outside of Latin-1 become "?", the line breaks of a multi-line field
# stand as escaped characters in one line, the digits of a comb field are not spread over its cells. No warning.
source "$(dirname "$0")/_venv.sh"
with_packages pikepdf==10.18.0
python - <<'PY'
import pikepdf
from pikepdf import Array, Dictionary, Name, String

form = pikepdf.Pdf.new()
page = form.add_blank_page(page_size=(300, 200))
font = form.make_indirect(
    Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica, Encoding=Name.WinAnsiEncoding)
)


def field(name, value, rect, **more):
    return form.make_indirect(
        Dictionary(Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, T=String(name), V=String(value), F=4,
                   Rect=Array(rect), DA=String("/Helv 10 Tf 0 g"), P=page.obj, **more)
    )


fields = [
    field("name", "Ayşe Łódź", [10, 150, 200, 170]),
    field("lines", "first line\nsecond line", [10, 80, 200, 140], Ff=1 << 12),  # ISO 32000-1, table 228: multiline
    field("comb", "1230", [10, 50, 200, 70], Ff=1 << 24, MaxLen=10),  # the same: comb
]
page.Annots = Array(fields)
form.Root.AcroForm = Dictionary(
    Fields=Array(fields), NeedAppearances=True, DR=Dictionary(Font=Dictionary(Helv=font)), DA=String("/Helv 10 Tf 0 g")
)
form.generate_appearance_streams()
looks = {str(one.T): one.AP.N.read_bytes() for one in form.pages[0].Annots}
for name, look in looks.items():
    print(f"pikepdf {pikepdf.__version__} {name}: {look!r}")
assert b"(Ay?e ?\xf3d?) Tj" in looks["name"]
assert looks["lines"].count(b"Tj") == 1 and b"first line\\nsecond line" in looks["lines"]
assert b"(1230) Tj" in looks["comb"] and looks["comb"].count(b"Td") == 1
PY
