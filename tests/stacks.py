"""Stacks of letters made by another hand: everything in them that hangs at more than one page, or at no page.

Each letter has a word of its own (:func:`word`) in each thing that is its own; the stack's own things (Info, XMP,
scripts) hold ``STACK``. So a part is right when the bytes of its files hold its own word and no other one.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf, Stream, String

STACK = "Stapelwort"
WORDS = (
    "Zwirbelquast", "Knallschote", "Wurzelzwerg", "Mondkalb", "Grillenfang", "Plauderbach", "Schnurpfiff",
    "Dudelnatter", "Hummelrast", "Faselhans", "Quarkspeise", "Trompetier",
)  # fmt: skip
A4 = Array([0, 0, 595, 842])


def word(number: int) -> str:
    """The word of letter ``number`` (from 0)."""
    return WORDS[number]


def rich_stack(letters: int, sheet: bytes | None = None) -> bytes:
    """A stack of letters of two pages each, with a separator ``sheet`` (PDF) before each but the first."""
    pdf = Pdf.new()
    maker = _Maker(pdf, letters)
    for number in range(letters):
        if sheet is not None and number:
            with pikepdf.open(io.BytesIO(sheet)) as separator:
                pdf.pages.extend(separator.pages)
        maker.letter(number)
    maker.whole()
    buffer = io.BytesIO()
    pdf.save(buffer, static_id=True)
    return buffer.getvalue()


def pages_of(number: int, *, sheets: bool = False) -> list[int]:
    """The pages (1-based) of a letter of a rich stack."""
    first = 1 + number * (3 if sheets else 2)
    return [first, first + 1]


def strings_and_streams(path: Path) -> bytes:
    """A PDF's bytes, and everything that its streams and strings say, decoded as far as it can be."""
    said = [path.read_bytes()]
    with pikepdf.open(path, suppress_warnings=True) as pdf:
        for item in pdf.objects:
            said.append(item.unparse(resolved=True))
            if isinstance(item, Stream):
                said += [item.read_raw_bytes(), _decoded(item)]
            said += [str(one).encode() for one in _strings(item)]
    return b"\0".join(said)


def _decoded(item: Stream) -> bytes:
    try:
        return item.read_bytes()
    except pikepdf.PdfError:
        return b""


def _strings(item: object) -> list[String]:
    """The texts of an object and of the direct ones in it."""
    if isinstance(item, String):
        return [item]
    if not isinstance(item, (Array, Dictionary, Stream)):
        return []
    children = list(item) if isinstance(item, Array) else [value for _, value in item.items()]
    direct = [child for child in children if not (isinstance(child, pikepdf.Object) and child.is_indirect)]
    return [one for child in direct for one in _strings(child)]


class _Maker:
    def __init__(self, pdf: Pdf, letters: int) -> None:
        self.pdf, self.letters = pdf, letters
        self.pages: list[list[pikepdf.Object]] = []
        self.fields: list[pikepdf.Object] = []
        self.kids: list[pikepdf.Object] = []
        self.dests: list[tuple[str, pikepdf.Object]] = []
        self.groups = [self._layer(number) for number in range(letters)]
        font = pdf.make_indirect(Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica))
        xobjects = Dictionary()
        self.resources = pdf.make_indirect(Dictionary(Font=Dictionary(F1=font), XObject=xobjects))
        for number in range(letters):
            xobjects[f"/Im{number}"] = self._image(word(number))
        self.resources["/Properties"] = Dictionary({f"/MC{n}": group for n, group in enumerate(self.groups)})
        for number in range(letters):
            form = self._form(f"q 20 0 0 20 0 0 cm /Im{number} Do Q", number)
            xobjects[f"/Fm{number}"] = form

    def _layer(self, number: int) -> pikepdf.Object:
        return self.pdf.make_indirect(Dictionary(Type=Name.OCG, Name=String(f"Ebene {word(number)}")))

    def _image(self, said: str) -> pikepdf.Object:
        samples = (said.encode() * 40)[:300]
        image = Stream(self.pdf, samples)
        image.Type, image.Subtype = Name.XObject, Name.Image
        image.Width, image.Height, image.BitsPerComponent, image.ColorSpace = 10, 10, 8, Name.DeviceRGB
        return image

    def _form(self, content: str, number: int) -> pikepdf.Object:
        """With the resources that all pages and forms share."""
        form = Stream(self.pdf, f"{content} % {word(number)}".encode())
        form.Type, form.Subtype, form.BBox = Name.XObject, Name.Form, Array([0, 0, 100, 40])
        form.Resources = self.resources
        return form

    def letter(self, number: int) -> None:
        mine = word(number)
        both: list[pikepdf.Object] = []
        for side in (1, 2):
            page = self.pdf.make_indirect(
                Dictionary(
                    Type=Name.Page, MediaBox=A4, Resources=self.resources, StructParents=number,
                    Thumb=self._image(f"Bild {mine}"), LastModified=String("D:2020"),
                    PieceInfo=Dictionary(App=Dictionary(Private=String(f"Notiz {mine}"))),
                    Metadata=self._metadata(f"Seite {mine}"), AA=Dictionary(O=self._script(f"auf {mine}")),
                )
            )  # fmt: skip
            lines = (
                f"BT /F1 14 Tf 60 780 Td (Stadt Lindenfurt, Steueramt) Tj 0 -30 Td (Betreff: Hundesteuer {mine}) Tj"
                f" 0 -30 Td (Sehr geehrte Damen und Herren, mein Hund {mine} lebt, Seite {side}.) Tj"
                f" 0 -30 Td (Anlage: {mine}-4711.txt, mit freundlichen Gruessen Familie Muster) Tj ET"
                f" q 1 0 0 1 60 500 cm /Fm{number} Do Q"
                f" /OC /MC{number} BDC BT /F1 12 Tf 60 450 Td (Vermerk {mine}) Tj ET EMC"
                " /Span <</ActualText (Seite)>> BDC BT /F1 9 Tf 60 400 Td (S.) Tj ET EMC"
            )
            page.Contents = self.pdf.make_stream(lines.encode())
            self.pdf.pages.append(pikepdf.Page(page))
            both.append(self.pdf.pages[-1].obj)
        self.pages.append(both)
        self.dests.append((f"Ziel {mine}", Array([both[0], Name.XYZ, 0, 800, 0])))
        self._annotate(number, both)

    def _annotate(self, number: int, both: list[pikepdf.Object]) -> None:
        mine, make = word(number), self.pdf.make_indirect
        other = word((number + 1) % self.letters)
        note = make(self._annotation("Text", [400, 700, 420, 720], Contents=String(f"Notiz {mine}")))
        popup = make(self._annotation("Popup", [430, 700, 500, 760], Parent=note))
        note.Popup = popup
        links = [
            self._annotation("Link", [60, 300, 100, 320], A=Dictionary(S=Name.URI, URI=String(f"https://{mine}.example"))),
            self._annotation("Link", [60, 330, 100, 350], Dest=Array([both[1], Name.Fit])),
            self._annotation("Link", [60, 360, 100, 380], A=Dictionary(S=Name.GoTo, D=String(f"Ziel {other}"))),
            self._annotation("Link", [60, 390, 100, 410], A=Dictionary(S=Name.GoTo, D=String(f"Ziel {mine}"))),
            self._annotation("Link", [60, 420, 100, 440], A=self._script(f"los {other}")),
        ]  # fmt: skip
        attached = self._annotation(
            "FileAttachment", [400, 600, 420, 620], FS=self._file(f"an-{mine}.txt", f"An der Seite: {mine}")
        )
        stamp = self._annotation(
            "Stamp", [300, 200, 400, 240], AP=Dictionary(N=self._form("0 0 1 rg 0 0 90 30 re f", number))
        )
        own = make(self._annotation("Widget", [60, 200, 200, 220], MK=Dictionary()))
        parent = make(Dictionary(FT=Name.Tx, T=String(f"gruppe {mine}"), DA=String("/F1 10 Tf 0 g"), Kids=Array()))
        own.T, own.V, own.Parent = String("feld"), String(f"Wert {mine}"), parent
        own.AP = Dictionary(N=self._form(f"/Tx BMC BT /F1 10 Tf 2 4 Td (Wert {mine}) Tj ET EMC", number))
        parent.Kids.append(own)
        self.fields.append(parent)
        kid = make(self._annotation("Widget", [60, 160, 200, 180]))
        kid.AP = Dictionary(N=self._form("/Tx BMC BT /F1 10 Tf 2 4 Td (Gemeinsam) Tj ET EMC", number))
        self.kids.append(kid)
        both[0].Annots = Array([note, popup, *(make(link) for link in links), make(attached), make(stamp), own, kid])

    def _annotation(self, kind: str, box: list[int], **more: Any) -> Dictionary:
        return Dictionary(Type=Name.Annot, Subtype=Name(f"/{kind}"), Rect=Array(box), F=4, StructParent=7, **more)

    def _file(self, name: str, said: str) -> Dictionary:
        embedded = Stream(self.pdf, said.encode() * 5)
        embedded.Type = Name.EmbeddedFile
        return Dictionary(Type=Name.Filespec, F=String(name), UF=String(name), EF=Dictionary(F=embedded))

    def _metadata(self, said: str) -> pikepdf.Object:
        stream = Stream(self.pdf, f"<?xpacket?><x>{said} und noch viele Worte, die lang genug sind</x>".encode())
        stream.Type, stream.Subtype = Name.Metadata, Name.XML
        return stream

    def _script(self, said: str) -> Dictionary:
        return Dictionary(S=Name.JavaScript, JS=String(f"app.alert('{said}')"))

    def whole(self) -> None:
        """What hangs at the stack."""
        pdf, make, root = self.pdf, self.pdf.make_indirect, self.pdf.Root
        with pdf.open_outline() as outline:
            for number, both in enumerate(self.pages):
                outline.root.append(pikepdf.OutlineItem(f"Brief {word(number)}", Array([both[0], Name.Fit])))
        shared = make(
            Dictionary(
                FT=Name.Tx, T=String("kunde"), V=String("Gemeinsam"), DA=String("/F1 10 Tf 0 g"), Kids=Array(self.kids)
            )
        )
        for kid in self.kids:
            kid.Parent = shared
        root.AcroForm = Dictionary(
            Fields=Array([*self.fields, shared]), DR=self.resources, DA=String("/F1 10 Tf 0 g"),
            CO=Array([shared]),
        )  # fmt: skip
        names = [part for name, place in sorted(self.dests) for part in (String(name), place)]
        files = [
            part
            for name in sorted(f"{word(n)}-4711.txt" for n in range(self.letters))
            for part in (String(name), make(self._file(name, f"Am Stapel: {name}")))
        ]
        files += [String("zz"), make(self._file("niemand.txt", f"Niemands {STACK}"))]
        root.Names = Dictionary(
            Dests=make(Dictionary(Names=Array(names))), EmbeddedFiles=make(Dictionary(Names=Array(files))),
            JavaScript=make(Dictionary(Names=Array([String(STACK), self._script(STACK)]))),
        )  # fmt: skip
        root.OpenAction, root.AA = self._script(STACK), Dictionary(WC=self._script(STACK))
        root.Metadata = self._metadata(f"{STACK} {' '.join(WORDS)}")
        root.PieceInfo = Dictionary(App=Dictionary(Private=String(STACK)))
        root.PageLabels = Dictionary(
            Nums=Array([part for n in range(self.letters) for part in (2 * n, Dictionary(P=String(f"{word(n)}-")))])
        )
        root.OCProperties = Dictionary(
            OCGs=Array(self.groups),
            D=Dictionary(Order=Array(self.groups), OFF=Array(self.groups[1:2]), Name=String(STACK)),
        )
        tree = make(Dictionary(Type=Name.StructTreeRoot))
        parts = [
            make(
                Dictionary(S=Name.P, P=tree, Pg=both[0], K=0, ActualText=String(f"Text {word(n)}"), Alt=String(word(n)))
            )
            for n, both in enumerate(self.pages)
        ]
        tree.K = Array(parts)
        tree.ParentTree = Dictionary(Nums=Array([x for n, part in enumerate(parts) for x in (n, Array([part]))]))
        root.StructTreeRoot, root.MarkInfo = tree, Dictionary(Marked=True)
        thread = make(Dictionary(Type=Name.Thread, I=Dictionary(Title=String(f"Faden {' '.join(WORDS)}"))))
        beads = [make(Dictionary(Type=Name.Bead, T=thread, P=both[0], R=Array([0, 0, 9, 9]))) for both in self.pages]
        for place, bead in enumerate(beads):
            bead.N, bead.V = beads[(place + 1) % len(beads)], beads[place - 1]
            self.pages[place][0].B = Array([bead])
        thread.F = beads[0]
        root.Threads = Array([thread])
        pdf.docinfo["/Title"] = f"{STACK} {' '.join(WORDS)}"
        pdf.docinfo["/Author"] = STACK
