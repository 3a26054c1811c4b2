#!/usr/bin/env bash
# Pillow 13.0.0 and img2pdf 0.6.3 on a one-strip G4 TIFF with Orientation 6 (TIFF 6.0, page 36), as some fax servers
# write them. Expected: a PDF image of 400 x 200, shown turned. Seen: Pillow gives the turned size (200 x 400) before it
# has decoded anything; img2pdf copies the strip as it is and believes that size, so /Columns is 200 for rows that are
# 400 wide, and turns the page on top. The page of the PDF does not show what the TIFF shows.
source "$(dirname "$0")/_venv.sh"
with_packages pillow==13.0.0 img2pdf==0.6.3 pikepdf==10.18.0
python - <<'PY'
import io
import img2pdf
import pikepdf
import PIL
from PIL import Image

Image.new("1", (400, 200), 1).save("turned.tif", compression="group4", tiffinfo={274: 6, 278: 200}, dpi=(200, 200))
tiff = Image.open("turned.tif")
stored, told = (tiff.tag_v2[256], tiff.tag_v2[257]), tiff.size
pdf = pikepdf.open(io.BytesIO(img2pdf.convert("turned.tif")))
image = next(one for one in pdf.objects if isinstance(one, pikepdf.Stream) and one.get("/Subtype") == "/Image")
columns, rotate = int(image.DecodeParms[0].Columns), int(pdf.pages[0].get("/Rotate", 0))
print(f"Pillow {PIL.__version__}: stored {stored}, size before load {told}; img2pdf {img2pdf.__version__}: "
      f"/Columns {columns}, /Rotate {rotate}")
assert stored == (400, 200) and told == (200, 400)
assert columns == 200 and rotate == 90
PY
