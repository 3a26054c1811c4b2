"""The equality gate: does a PDF/A still say and show what the original does? Scored, stored, and decided
upon.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from archive.exec import poppler
from core.ids import new_id

TEXT_KEPT = 0.98  # share of the original's words that must be there
CHANGED = 0.005  # share of a page's pixels that may differ visibly at low resolution
CHANGED_PICTURE = 0.02  # the same where the page was rendered to an image: sampled twice
_DPI = 50
_VISIBLE = 50  # difference in grey, of 255
_PAGES = 24  # rendered at most


@dataclass(frozen=True, slots=True)
class Gate:
    """How equal a PDF/A is to its original."""

    pages: int
    pages_equal: bool
    text_kept: float  # 0..1
    difference: float  # worst page's share of visibly different pixels
    compared: int  # pages rendered
    limit: float = CHANGED

    @property
    def passed(self) -> bool:
        return self.pages_equal and self.text_kept >= TEXT_KEPT and self.difference <= self.limit

    def as_dict(self) -> dict[str, Any]:
        """As it is stored with the document."""
        return {**asdict(self), "passed": self.passed}


class Reference:
    """The original, as text and as pictures, measured once for all rungs.

    ``text_pages``: 0-based pages whose text counts; that of the others was found wanting and is replaced.
    """

    def __init__(self, pdf: Path, scratch: Path, text_pages: Collection[int]) -> None:
        self._scratch = scratch
        self._text_pages = text_pages
        self._texts = poppler.text(pdf)
        self._pictures = _pictures(pdf, len(self._texts), scratch)

    def compare(self, other: Path, limit: float = CHANGED) -> Gate:
        """Score ``other`` against the original. Raises: ProgramMissing, ProgramFailed."""
        texts = poppler.text(other)
        pictures = _pictures(other, len(self._texts), self._scratch)
        equal = len(texts) == len(self._texts)
        pairs = list(zip(self._pictures, pictures, strict=False)) if equal else []
        difference = max((_difference(one, two) for one, two in pairs), default=0.0)
        kept = text_kept(self._counted(self._texts), self._counted(texts)) if equal else 0.0
        return Gate(len(texts), equal, round(kept, 4), round(difference, 5), len(pairs), limit)

    def _counted(self, texts: list[str]) -> str:
        return " ".join(text for number, text in enumerate(texts) if number in self._text_pages)


def text_kept(original: str, other: str) -> float:
    """Share of the original's words that the other has too, each as often."""
    wanted, have = _words(original), _words(other)
    total = sum(wanted.values())
    return 1.0 if not total else sum((wanted & have).values()) / total


def _words(text: str) -> Counter[str]:
    """The words with a letter or digit (viewers draw check marks of their own), without marks of direction."""
    plain = "".join(char for char in unicodedata.normalize("NFKC", text) if unicodedata.category(char) != "Cf")
    words = plain.split()
    return Counter(word for word in words if any(char.isalnum() for char in word))


def _pictures(pdf: Path, count: int, scratch: Path) -> list[np.ndarray[Any, Any]]:
    paths = poppler.render_all(pdf, scratch, f"gate-{new_id(6)}", (1, min(count, _PAGES)), dpi=_DPI)
    pictures = []
    for path in paths:
        picture = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        path.unlink()
        if picture is not None:
            pictures.append(cv2.blur(picture, (3, 3)))  # smooths what antialiasing does differently
    return pictures


def _difference(one: np.ndarray[Any, Any], two: np.ndarray[Any, Any]) -> float:
    if one.shape != two.shape:
        if abs(one.shape[0] - two.shape[0]) > 2 or abs(one.shape[1] - two.shape[1]) > 2:
            return 1.0
        two = cv2.resize(two, (one.shape[1], one.shape[0]))
    return float(np.mean(cv2.absdiff(one, two) > _VISIBLE))
