#!/usr/bin/env bash
# OpenCV (Python) 5.0.0.93 on a TIFF of two pages, read with IMREAD_REDUCED_GRAYSCALE_4 so that large pages need less
# memory. Expected: pages of a quarter of the size from imread and from imreadmulti. Seen: imread gives a quarter,
# imreadmulti ignores the flag and gives whole pages, without a word: the memory that was to be saved is taken.
source "$(dirname "$0")/_venv.sh"
with_packages opencv-python-headless==5.0.0.93 pillow==13.0.0
python - <<'PY'
import cv2
from PIL import Image

pages = [Image.effect_noise((800, 600), 80) for _ in range(2)]
pages[0].save("stack.tif", save_all=True, append_images=pages[1:])
one = cv2.imread("stack.tif", cv2.IMREAD_REDUCED_GRAYSCALE_4).shape
all_pages = [page.shape for page in cv2.imreadmulti("stack.tif", flags=cv2.IMREAD_REDUCED_GRAYSCALE_4)[1]]
print(f"OpenCV {cv2.__version__}: imread {one}, imreadmulti {all_pages}")
assert one == (150, 200) and all_pages == [(600, 800)] * 2
PY
