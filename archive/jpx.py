"""JPEG 2000 images that PDF/A does not take (ISO 19005-2, 6.2.8.3): their samples, coded by Flate."""

from __future__ import annotations

import io

import pikepdf
from pikepdf import Name
from PIL import Image

from archive.objects import filters
from archive.scan import images_of

_SPACES = {"L": Name.DeviceGray, "RGB": Name.DeviceRGB, "CMYK": Name.DeviceCMYK}


def decode_jpx(pdf: pikepdf.Pdf) -> None:
    """Replace every JPX stream by its samples. Raises: OSError (PIL.UnidentifiedImageError) when one is
    damaged.
    """
    for page in pdf.pages:
        for item in images_of(page):
            if filters(item) == ["/JPXDecode"]:
                _decode(item)


def _decode(item: pikepdf.Object) -> None:
    with Image.open(io.BytesIO(item.read_raw_bytes())) as coded:
        image = coded if coded.mode in _SPACES else coded.convert("RGB")
        item.write(image.tobytes())
        item.Width, item.Height, item.BitsPerComponent = image.width, image.height, 8
        item.ColorSpace = _SPACES[image.mode]
    for key in ("/SMaskInData", "/Decode"):
        if key in item:
            del item[key]
