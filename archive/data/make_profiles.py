"""Makes the colour profiles beside this file (run once; the results are kept in the repository).

``srgb.icc``: sRGB by Little CMS (through Pillow), with a fixed date. ``cmyk.icc``: a scanner-class
profile (ICC.1 8.3.2: needs AToB0 only) for DeviceCMYK pictures that came without one; its 16 corner
colours are those of poppler, mixed linearly, so that a picture looks as it did in viewers. Both are our
own work, free to use.
"""

from __future__ import annotations

import itertools
import struct
from pathlib import Path

import numpy as np
from PIL import ImageCms

HERE = Path(__file__).parent
DATE = struct.pack(">6H", 2026, 1, 1, 0, 0, 0)
GRID = 9
CORNERS = {  # (C, M, Y, K) -> RGB 0..1
    (0, 0, 0, 0): (1, 1, 1), (0, 0, 0, 1): (0.1373, 0.1216, 0.1255),
    (0, 0, 1, 0): (1, 0.9490, 0), (0, 0, 1, 1): (0.1098, 0.1020, 0),
    (0, 1, 0, 0): (0.9255, 0, 0.5490), (0, 1, 0, 1): (0.1412, 0, 0),
    (0, 1, 1, 0): (0.9294, 0.1098, 0.1412), (0, 1, 1, 1): (0.1333, 0, 0),
    (1, 0, 0, 0): (0, 0.6784, 0.9373), (1, 0, 0, 1): (0, 0.0588, 0.1412),
    (1, 0, 1, 0): (0, 0.6510, 0.3137), (1, 0, 1, 1): (0, 0.0745, 0),
    (1, 1, 0, 0): (0.1804, 0.1922, 0.5725), (1, 1, 0, 1): (0, 0, 0.0078),
    (1, 1, 1, 0): (0.2118, 0.2119, 0.2235), (1, 1, 1, 1): (0, 0, 0),
}  # fmt: skip
WHITE = np.array([0.9642, 1.0, 0.8249])  # D50
SRGB_TO_XYZ = np.array(
    [[0.4360747, 0.3850649, 0.1430804], [0.2225045, 0.7168786, 0.0606169], [0.0139322, 0.0971045, 0.7141733]]
)


def srgb() -> bytes:
    """sRGB, version 4.2, fixed date."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    data[8:12], data[24:36] = b"\x04\x20\x00\x00", DATE
    return bytes(data)


def lab(inks: tuple[float, ...]) -> tuple[float, float, float]:
    """CIE Lab (D50) of four inks."""
    mixed = np.zeros(3)
    for corner, colour in CORNERS.items():
        share = np.prod([ink if full else 1 - ink for ink, full in zip(inks, corner, strict=True)])
        mixed += share * np.array(colour)
    linear = np.where(mixed <= 0.04045, mixed / 12.92, ((mixed + 0.055) / 1.055) ** 2.4)
    ratio = SRGB_TO_XYZ @ linear / WHITE
    x, y, z = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    return 116 * float(y) - 16, 500 * float(x - y), 200 * float(y - z)


def cmyk() -> bytes:
    """The CMYK profile, version 2.4."""
    table = bytearray()
    for inks in itertools.product(np.linspace(0, 1, GRID), repeat=4):
        lightness, a, b = lab(inks)
        table += bytes((round(lightness * 2.55), round(a) + 128, round(b) + 128))
    ramp = bytes(range(256))
    identity = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    a2b = b"mft1\0\0\0\0" + bytes((4, 3, GRID, 0)) + identity + ramp * 4 + bytes(table) + ramp * 3
    name = b"Aktenlotse CMYK"
    tags = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(name) + 1) + name + bytes(1 + 4 + 4 + 2 + 1 + 67),
        b"cprt": b"text\0\0\0\0" + b"Free to use\0",
        b"wtpt": b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in WHITE)),
        b"A2B0": a2b,
    }
    offset = 128 + 4 + 12 * len(tags)
    directory, body = struct.pack(">I", len(tags)), b""
    for tag, data in tags.items():
        directory += tag + struct.pack(">II", offset + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    white = struct.pack(">3i", *(round(value * 65536) for value in WHITE))
    head = struct.pack(">I", offset + len(body)) + bytes(4) + b"\x02\x40\0\0scnrCMYKLab " + DATE + b"acsp"
    return (head + bytes(28) + white).ljust(128, b"\0") + directory + body


if __name__ == "__main__":
    (HERE / "srgb.icc").write_bytes(srgb())
    (HERE / "cmyk.icc").write_bytes(cmyk())
