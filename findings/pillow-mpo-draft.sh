#!/usr/bin/env bash
# Pillow 13.0.0 on a whole JPEG of a camera with its preview behind it (MPO, CIPA DC-007). A quick look decodes each frame
# small by Image.draft(). Expected: two small pictures. Seen: the first is read small, the second ends as "image file is
# truncated (0 bytes not processed)", so a photo that is whole looks cut; without draft() both are read.
source "$(dirname "$0")/_venv.sh"
with_packages pillow==13.0.0
python - <<'PY'
import PIL
from PIL import Image

photo, preview = (Image.effect_noise(size, 80).convert("RGB") for size in ((1600, 1200), (160, 120)))
photo.save("camera.jpg", "MPO", save_all=True, append_images=[preview])


def frames(draft):
    said = []
    with Image.open("camera.jpg") as image:
        for number in range(image.n_frames):
            image.seek(number)
            if draft:
                image.draft("L", (1, 1))
            try:
                image.load()
                said.append(image.size)
            except OSError as error:
                said.append(str(error))
    return said


plain, quick = frames(draft=False), frames(draft=True)
print(f"Pillow {PIL.__version__}: plain {plain}, after draft() {quick}")
assert plain == [(1600, 1200), (160, 120)]
assert quick[0] == (200, 150) and "truncated" in quick[1]
PY
