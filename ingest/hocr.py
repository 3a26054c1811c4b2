"""hOCR: reading Tesseract's, writing ours (boxes in the delivered page image, all pages in one file).

Format: hOCR 1.2 (ocr_page, ocr_par, ocr_line, ocrx_word with bbox and x_wconf).
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable
from functools import lru_cache
from html import escape
from xml.etree import ElementTree

from ingest.order import in_order
from ingest.torn import mended
from ingest.words import Line, PageReading, Word
from models.words import PageStatus

LETTER_BYTES = 100_000  # of some ten pages; larger files are not kept in memory
_BOX = re.compile(r"bbox (-?\d+) (-?\d+) (-?\d+) (-?\d+)")
_CONFIDENCE = re.compile(r"x_wconf (\d+)")
_XHTML = "{http://www.w3.org/1999/xhtml}"
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def parse_tesseract(data: bytes) -> list[list[Line]]:
    """Paragraphs of lines of words from Tesseract's hOCR of one image, boxes in its pixels.

    Lines that were torn apart are whole again, and what stands above something in its column comes before it.
    """
    root = ElementTree.fromstring(_CONTROL.sub("", data.decode("utf-8", "replace")))
    paragraphs = []
    for paragraph in _of_class(root, "ocr_par"):
        lines = []
        for line in paragraph:
            words = []
            for element in _of_class(line, "ocrx_word"):
                text = "".join(element.itertext()).strip()
                title = element.get("title", "")
                box, confidence = _BOX.search(title), _CONFIDENCE.search(title)
                if text and box:
                    x0, y0, x1, y1 = (int(value) for value in box.groups())
                    certain = int(confidence[1]) / 100 if confidence else 0.0
                    words.append(Word(text, (x0, y0, x1, y1), certain))
            if words:
                lines.append(tuple(words))
        if lines:
            paragraphs.append(lines)
    return in_order(mended(paragraphs))


def _of_class(root: ElementTree.Element, name: str) -> Iterable[ElementTree.Element]:
    return (element for element in root.iter() if element.get("class") == name)


def write(readings: Iterable[PageReading]) -> bytes:
    """All pages as one gzipped hOCR file; page facts that hOCR has no words for stand as ``x_`` properties."""
    parts = [
        '<?xml version="1.0" encoding="UTF-8"?>\n<html xmlns="http://www.w3.org/1999/xhtml">\n<head><title></title>'
        '<meta name="ocr-system" content="aktenlotse"/></head>\n<body>'
    ]
    for page in readings:
        title = (
            f"bbox 0 0 {page.width} {page.height}; ppageno {page.number - 1}; x_dpi {page.dpi:.2f};"
            f" x_status {page.status}; x_orientation {page.orientation}; x_skew {page.skew:.3f};"
            f" x_own_text {int(page.own_text)}; x_language {page.language or '-'}"
        )
        parts.append(f'<div class="ocr_page" title="{title}">')
        for paragraph in page.paragraphs:
            parts.append('<p class="ocr_par">')
            for line in paragraph:
                words = " ".join(
                    f'<span class="ocrx_word" title="bbox {" ".join(map(str, word.box))};'
                    f' x_wconf {round(word.confidence * 100)}">{escape(_CONTROL.sub("", word.text))}</span>'
                    for word in line
                )
                parts.append(f'<span class="ocr_line">{words}</span>')
            parts.append("</p>")
        parts.append("</div>")
    parts.append("</body>\n</html>\n")
    return gzip.compress("\n".join(parts).encode(), mtime=0)


def read(data: bytes) -> tuple[PageReading, ...]:
    """The pages of a file that :func:`write` made. Raises: OSError, ElementTree.ParseError for a damaged one."""
    return _read_again(data) if len(data) <= LETTER_BYTES else _read(data)


def _read(data: bytes) -> tuple[PageReading, ...]:
    root = ElementTree.fromstring(gzip.decompress(data))
    return tuple(_page(element) for element in _of_class(root, "ocr_page"))


_read_again = lru_cache(maxsize=4)(_read)  # route, seal, file and index ask for the same letter one after the other


def _page(element: ElementTree.Element) -> PageReading:
    title = element.get("title", "")
    facts = dict(part.strip().split(" ", 1) for part in title.split(";"))
    _, _, width, height = (int(value) for value in facts["bbox"].split())
    paragraphs = tuple(
        tuple(
            tuple(_word(word) for word in line.iter(f"{_XHTML}span") if word.get("class") == "ocrx_word")
            for line in paragraph
        )
        for paragraph in _of_class(element, "ocr_par")
    )
    return PageReading(
        number=int(facts["ppageno"]) + 1,
        width=width,
        height=height,
        dpi=float(facts["x_dpi"]),
        status=PageStatus(facts["x_status"]),
        orientation=int(facts["x_orientation"]),
        skew=float(facts["x_skew"]),
        own_text=facts["x_own_text"] == "1",
        language=None if facts["x_language"] == "-" else facts["x_language"],
        paragraphs=paragraphs,
    )


def _word(element: ElementTree.Element) -> Word:
    title = element.get("title", "")
    box, confidence = _BOX.search(title), _CONFIDENCE.search(title)
    if box is None or confidence is None:
        raise ElementTree.ParseError("word without box")
    x0, y0, x1, y1 = (int(value) for value in box.groups())
    return Word("".join(element.itertext()), (x0, y0, x1, y1), int(confidence[1]) / 100)
