#!/usr/bin/env bash
# Pillow 13.0.0: a colour JPEG 2000 with 16 bits a channel (as archive scanners and map scans write) is opened as RGB of 8
# bits. Expected: white stays white. Seen: values from about 65,410 on run over and become 0, so white paper is black;
# darker values are right, and a grey image of 16 bits is right (mode I;16). OpenCV reads the same file as it is.
source "$(dirname "$0")/_venv.sh"
with_packages pillow==13.0.0 opencv-python-headless==5.0.0.93 numpy
python - <<'PY'
import cv2
import numpy as np
import PIL
from PIL import Image

seen = {}
for value in (30000, 60000, 65300, 65535):
    cv2.imwrite("colour.jp2", np.full((64, 64, 3), value, np.uint16))
    assert int(cv2.imread("colour.jp2", cv2.IMREAD_UNCHANGED)[0, 0, 0]) == value
    image = Image.open("colour.jp2")
    seen[value] = image.mode, image.getpixel((1, 1))[0]
print(f"Pillow {PIL.__version__}: {seen}")
assert seen == {30000: ("RGB", 117), 60000: ("RGB", 234), 65300: ("RGB", 255), 65535: ("RGB", 0)}
PY
