#!/usr/bin/env bash
# Pillow 13.0.0 and img2pdf 0.6.3 on files that hold one page and something beside it: a camera's JPEG with its preview
# (MPO, CIPA DC-007), a TIFF with a thumbnail (NewSubfileType 1: "reduced resolution version of another image", TIFF 6.0,
# page 36), an animated PNG. Expected: one page each, or at least the same number in both. Seen: two frames in Pillow for
# all three; img2pdf makes two pages of the JPEG and of the TIFF and one of the PNG.
source "$(dirname "$0")/_venv.sh"
with_packages pillow==13.0.0 img2pdf==0.6.3 pikepdf==10.18.0
python - <<'PY'
import io
import img2pdf
import pikepdf
import PIL
from PIL import Image, TiffImagePlugin

page, small = Image.new("RGB", (600, 800), "white"), Image.new("RGB", (60, 80), "red")
page.save("camera.jpg", "MPO", save_all=True, append_images=[small])
page.save("moving.png", save_all=True, append_images=[Image.new("RGB", (600, 800), "red")])
with TiffImagePlugin.AppendingTiffWriter("thumbnail.tif", True) as tiff:
    page.convert("L").save(tiff, "TIFF")
    tiff.newFrame()
    small.convert("L").save(tiff, "TIFF", tiffinfo={254: 1})
seen = {}
for name in ("camera.jpg", "thumbnail.tif", "moving.png"):
    pages = len(pikepdf.open(io.BytesIO(img2pdf.convert(name))).pages)
    seen[name] = Image.open(name).n_frames, pages
print(f"frames in Pillow {PIL.__version__}, pages of img2pdf {img2pdf.__version__}: {seen}")
assert seen == {"camera.jpg": (2, 2), "thumbnail.tif": (2, 2), "moving.png": (2, 1)}
PY
