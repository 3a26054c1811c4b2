"""What letters say about themselves: date, sender, reference and subject, from scans of letters by other hands.

    ./run bench facts FOLDER [LETTERS OF EACH FILE, default 60] [SEED]

``FOLDER`` holds letters-*.jsonl (sender lines, date, aktenzeichen, subject, body). Each is drawn as a letter in one of
four layouts (DIN 5008 form A and B, a head of the sender on the right, a plain private letter), with its date in one of
six spellings, shifted and skewed, as a grey scan of 200 dpi with grain, and read by Tesseract as any letter is.
Prints precision, recall and F1 of date (ISO), sender (first line) and reference (without separators), and the mean
similarity of the subject.
"""

from __future__ import annotations

import json
import random
import re
import sys
import tempfile
import textwrap
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from rapidfuzz import fuzz

from bench.reading import WORKERS
from bench.scans import A4, FONT_FOLDER, FONTS, Grey, lean, on_paper
from ingest.exec.tesseract import Tesseract
from ingest.letter.facts import LetterFacts
from ingest.letter.read import read_letter
from ingest.pages import open_pages
from ingest.reading import read_page

DPI = 200
MM = DPI / 25.4
TOWN = ("Stadt Lindenfurt", "Rathausplatz 1", "35871 Lindenfurt")
MONTHS = (
    *("Januar", "Februar", "März", "April", "Mai", "Juni"),
    *("Juli", "August", "September", "Oktober", "November", "Dezember"),
)


def spelled(day: date, dice: random.Random) -> str:
    """A date as people write it."""
    month = MONTHS[day.month - 1]
    return dice.choice(
        (
            f"{day:%d.%m.%Y}",
            f"{day.day}.{day.month}.{day.year}",
            f"{day:%d.%m.%y}",
            f"{day.day}. {month} {day.year}",
            f"{day.day}. {month[:3]}. {day.year}",
            f"{day:%Y-%m-%d}",
        )
    )


def drawn(letter: dict[str, Any], dice: random.Random) -> Grey:
    """The letter's first page, grey, ``DPI``."""
    image = Image.new("L", (round(A4[0] * DPI), round(A4[1] * DPI)), 255)
    draw = ImageDraw.Draw(image)
    size = dice.choice((10, 10.5, 11))
    name = dice.choice(FONTS[:2])
    font = ImageFont.truetype(str(FONT_FOLDER / name), round(size * DPI / 72))
    bold = ImageFont.truetype(str(FONT_FOLDER / name.replace(".", "-Bold.")), round(size * DPI / 72))
    step = round(size * 1.35 * DPI / 72)
    down, right = dice.uniform(-4, 4), dice.uniform(-3, 3)

    def put(x: float, y: float, lines: list[str], face: ImageFont.FreeTypeFont = font) -> float:
        for number, line in enumerate(lines):
            draw.text(((x + right) * MM, (y + down) * MM + number * step), line, font=face, fill=25)
        return y + len(lines) * step / MM

    sender, reference = letter["sender"], letter.get("aktenzeichen")
    town, day = sender[-1].partition(" ")[2], spelled(date.fromisoformat(letter["date"]), dice)
    layout = dice.choice(("form A", "form B", "head", "plain"))
    window = 27 + 17.7 if layout == "form A" else 45 + 17.7
    if layout == "head":
        put(125, 20, sender)
    elif layout == "plain":
        put(25, 15, sender)
    else:
        put(25, 12, sender, bold)
        put(25, window - 5, [" · ".join(sender)], ImageFont.truetype(str(FONT_FOLDER / name), round(6.5 * DPI / 72)))
    put(25, window, list(TOWN))
    y = window + 32
    quoted = dice.choice(("Ihr Zeichen: ", "Ihr Az.: ", "Aktenzeichen: ", "Az. "))
    if layout.startswith("form"):
        block = [f"{quoted}{reference}"] if reference else []
        put(125, window, [*block, f"Datum: {day}"])
    else:
        put(130, y, [f"{town}, {day}" if layout == "plain" and dice.random() < 0.6 else day])
        y += 10
        if reference:
            y = put(25, y, [f"{quoted}{reference}"]) + 4
    if letter.get("subject"):
        y = put(25, y, textwrap.wrap(letter["subject"], 70), bold) + 5
    body = [line for part in letter["body"].split("\n") for line in textwrap.wrap(part, 82) or [""]]
    put(25, y, [*body, "", "Mit freundlichen Grüßen", "", sender[0]][: int((285 - y) * MM / step)])
    return on_paper(lean(np.asarray(image), dice.uniform(-0.8, 0.8)), dice, 4)


def read(image: Path, tesseract: Tesseract, scratch: Path) -> LetterFacts:
    """What the letter says."""
    folder = scratch / image.stem
    folder.mkdir()
    with open_pages(image, "image/png") as source:
        return read_letter([read_page(source, 1, tesseract, folder)], town="Stadt Lindenfurt")


def bare(reference: str) -> str:
    """A reference without its separators."""
    return re.sub(r"[\W_]", "", reference).upper()


def f1(pairs: list[tuple[str | None, str | None]]) -> str:
    """Precision, recall and F1 of (true, found)."""
    right = sum(true is not None and true == found for true, found in pairs)
    precision = right / max(1, sum(found is not None for _, found in pairs))
    recall = right / max(1, sum(true is not None for true, _ in pairs))
    return f"precision {precision:.3f}, recall {recall:.3f}, F1 {2 * right / max(1, _mentions(pairs)):.3f}"


def _mentions(pairs: list[tuple[str | None, str | None]]) -> int:
    return sum((true is not None) + (found is not None) for true, found in pairs)


def main() -> None:
    folder, count = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 60
    dice = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        tesseract = Tesseract.behind_launcher(scratch, "deu", 120, 2048)
        for file in sorted(folder.glob("letters-*.jsonl")):
            letters = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
            chosen = dice.sample(letters, min(count, len(letters)))
            images = [scratch / f"{letter['id']}.png" for letter in chosen]
            for letter, image in zip(chosen, images, strict=True):
                Image.fromarray(drawn(letter, dice)).save(image, dpi=(DPI, DPI))
            with ThreadPoolExecutor(WORKERS) as pool:
                found = list(pool.map(lambda image: read(image, tesseract, scratch), images))
            both = list(zip(chosen, found, strict=True))
            dates = [(a["date"], str(b.letter_date) if b.letter_date else None) for a, b in both]
            senders = [(a["sender"][0], b.sender_lines[0] if b.sender_lines else None) for a, b in both]
            references = [
                (
                    bare(a["aktenzeichen"]) if a.get("aktenzeichen") else None,
                    bare(b.own_references[0]) if b.own_references else None,
                )
                for a, b in both
            ]
            subjects = [fuzz.ratio(a["subject"], b.subject or "") / 100 for a, b in both if a.get("subject")]
            print(f"{file.stem}, {len(both)} letters")
            print(f"  date       {f1(dates)}")
            print(f"  sender     {f1(senders)}")
            print(f"  reference  {f1(references)}")
            print(f"  subject    similarity {sum(subjects) / len(subjects):.3f}")
        tesseract.close()


if __name__ == "__main__":
    main()
