#!/usr/bin/env bash
# pikepdf 10.18.0 (libqpdf inside): pages are deleted from a PDF with bookmarks, unreferenced resources are removed, the
# file is saved. Expected by whoever splits a stack so: the other pages are gone. Seen: the page tree has one page, the
# content streams of all three lie in the file, since the outline's destinations still refer to them.
source "$(dirname "$0")/_venv.sh"
with_packages pikepdf==10.18.0
python - <<'PY'
import io
import pikepdf

WORDS = ("first", "second", "third")
stack = pikepdf.Pdf.new()
for word in WORDS:
    page = stack.add_blank_page(page_size=(200, 200))
    page.Contents = stack.make_stream(f"BT /F1 12 Tf 10 10 Td (letter-{word}) Tj ET".encode())
with stack.open_outline() as outline:
    outline.root.extend(pikepdf.OutlineItem(word, number) for number, word in enumerate(WORDS))
whole = io.BytesIO()
stack.save(whole)

one = pikepdf.open(whole)
while len(one.pages) > 1:
    del one.pages[-1]
one.remove_unreferenced_resources()
part = io.BytesIO()
one.save(part)

again = pikepdf.open(part)
left = sorted(s.read_bytes().split(b"(")[1].split(b")")[0] for s in again.objects if isinstance(s, pikepdf.Stream))
print(f"pikepdf {pikepdf.__version__}: {len(again.pages)} page in the tree, content of {len(left)} pages in the file: {left}")
assert len(again.pages) == 1 and left == [b"letter-first", b"letter-second", b"letter-third"]
PY
