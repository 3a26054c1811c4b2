"""Small letters made by the tests: quick to read, each with words of its own."""

from __future__ import annotations

import struct
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
WORDS = (
    "Abendrot",
    "Birnbaum",
    "Dachstuhl",
    "Eichhorn",
    "Federwolke",
    "Gartentor",
    "Haselnuss",
    "Kieselstein",
    "Laternenpfahl",
    "Mondschein",
    "Nussknacker",
    "Obstwiese",
    "Pflaumenmus",
    "Regenschirm",
    "Sonnenblume",
    "Tannenzapfen",
    "Uferweg",
    "Vogelnest",
    "Wasserrad",
    "Ziegelstein",
)


def small_scan(path: Path, number: int) -> Path:
    """A short letter as a 150 dpi grey PNG of a third of a page: read in a fraction of a second."""
    image = Image.new("L", (1240, 420), 255)
    draw = ImageDraw.Draw(image)
    font = ImageFont.truetype(FONT, 26)
    for line, sentence in enumerate(text_of(number).splitlines()):
        draw.text((90, 50 + 44 * line), sentence, font=font, fill=0)
    image.save(path, dpi=(150, 150))
    return path


def text_of(number: int) -> str:
    """The text of letter ``number``: two words of its own and its number."""
    first, second = WORDS[number % len(WORDS)], WORDS[(number // len(WORDS) + 7 * number + 3) % len(WORDS)]
    return (
        "Stadt Lindenfurt, Steueramt\n"
        f"Betreff: Hundesteuer für meinen Hund, Schreiben Nummer {number}\n"
        "Sehr geehrte Damen und Herren,\n"
        f"mein Hund heißt {first} und wohnt am {second}.\n"
        "Bitte schicken Sie mir den Bescheid.\n"
        f"Mit freundlichen Grüßen, Familie {second} {number}\n"
    )


def small_text(path: Path, number: int) -> Path:
    """The same letter as plain text."""
    path.write_text(text_of(number), "utf-8")
    return path


def some_letters(folder: Path, count: int) -> dict[str, Path]:
    """``count`` letters, every third one plain text. Returns: name -> path."""
    folder.mkdir(parents=True, exist_ok=True)
    letters = {}
    for number in range(count):
        if number % 3 == 0:
            path = small_text(folder / f"brief-{number:03d}.txt", number)
        else:
            path = small_scan(folder / f"brief-{number:03d}.png", number)
        letters[path.name] = path
    return letters


def without_width(data: bytes) -> bytes:
    """The width (tag 256) of a TIFF's last folder becomes a private tag."""
    (first,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, first)
    (second,) = struct.unpack_from("<I", data, first + 2 + 12 * count)
    place = data.index(struct.pack("<H", 256), second + 2)
    return data[:place] + struct.pack("<H", 65000) + data[place + 2 :]
