"""Reading a page: look, plan, one Tesseract run; a second one only where the first says that it is needed.

Rows of print that no word covers are read once more by themselves (``ingest/ledger.py``); a page where some are left is
never ``ok``. A page never ends without a status: ``ok``, ``low_confidence``, ``blank`` or ``unreadable`` with a reason.
"""

from __future__ import annotations

import threading
import time
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from xml.etree import ElementTree

import cv2

from core.errors import LetterError, ProgramFailed
from ingest import hocr
from ingest.exec.tesseract import Tesseract
from ingest.language import language_of
from ingest.ledger import Unread, unread
from ingest.look import Look, look
from ingest.order import in_order
from ingest.pages import KEPT_PIXELS, DeliveredPage, Grey, PageSource
from ingest.prepare import FINE_DPI, Copy, Plan, first_plan, make_copy, other_plans
from ingest.words import Box, Line, PageReading, lines_of, mapped, mean_confidence, running_direction
from models.words import PageStatus

OK_CONFIDENCE = 0.80  # below it a page is not called ok
SURE_CONFIDENCE = 0.72  # above it nothing else is tried
TURN_CONFIDENCE = 0.66  # below it the other way up is tried
NOTHING = 0.30  # below it what was read is no text
CLEAR_LEAN = 0.15  # of lines above which their feet are known
SPARSE_INK = 0.004  # share of inked pixels of a page with a few specks
SHOW_THROUGH_CONFIDENCE, SHOW_THROUGH_CONTRAST = 0.45, 45  # of the front's print seen from the back

TRYING = 0.5  # share of a page's seconds after which nothing else is tried

cv2.setNumThreads(1)  # pages run in parallel, not pixels

_LARGE = threading.BoundedSemaphore(2)  # pages of a plan's size worked on at once, however many cores there are

BLOCK = 6  # page segmentation: one block of text
MOST_BY_ITSELF = 0.08  # share left over, above which the whole page is read once more
MOST_REGIONS, REGION_MARGIN, REGION_SURE = 12, 0.06, 0.5  # read by themselves; inches around; least confidence


def read_page(source: PageSource, number: int, tesseract: Tesseract, scratch: Path) -> PageReading:
    """Read page ``number`` of a source. ``scratch`` is a folder for the copy that OCR sees.

    Raises: ProgramMissing, StorageFull; everything that is the page's own fault ends as its status.
    """
    try:
        page = source.page(number)
    except (LetterError, ProgramFailed) as error:
        return PageReading(number, 0, 0, 0.0, PageStatus.UNREADABLE, reason=f"page_{error.code}")
    if page.own_text is not None:
        return _by_own_text(page)
    assert page.grey is not None
    seen = look(page)
    base = PageReading(
        number,
        page.width,
        page.height,
        page.dpi,
        PageStatus.BLANK,
        orientation=page.turn,
        plan={"look": seen.facts()},
    )
    if seen.blank:
        return base
    with _LARGE if page.grey.size > KEPT_PIXELS else nullcontext():
        return _PageReader(page, page.grey, seen, tesseract, scratch / f"page-{number}.pgm").read(base)


def _by_own_text(page: DeliveredPage) -> PageReading:
    return PageReading(
        page.number,
        page.width,
        page.height,
        page.dpi,
        PageStatus.OK if page.own_text else PageStatus.BLANK,
        orientation=page.turn,
        confidence=1.0 if page.own_text else None,
        own_text=True,
        paragraphs=page.own_text or (),
    )


@dataclass(slots=True)
class _Best:
    """The best reading so far. Boxes of ``paragraphs`` are pixels of ``copy``."""

    score: float
    plan: Plan
    copy: Copy
    paragraphs: list[list[Line]]
    left: Unread

    @property
    def lines(self) -> tuple[Line, ...]:
        return tuple(line for lines in self.paragraphs for line in lines)


class _PageReader:
    """The ladder for one page; keeps the best reading so far."""

    def __init__(self, page: DeliveredPage, grey: Grey, seen: Look, tesseract: Tesseract, copy: Path) -> None:
        self.page, self.grey, self.seen = page, grey, seen
        self.tesseract, self.copy = tesseract, copy
        self.failure: str | None = None
        self.best: _Best | None = None
        self.tried: list[dict[str, object]] = []
        self.until = time.monotonic() + tesseract.seconds * TRYING

    def read(self, base: PageReading) -> PageReading:
        try:
            self._climb()
            blank = self._is_blank_after_all()
        finally:
            self.copy.unlink(missing_ok=True)
        plan_facts = {**base.plan, "tried": self.tried}
        if blank:
            return base.evolve(plan=plan_facts)
        if self.best is None or not self.best.paragraphs:
            why = self.failure or "no_words"
            return base.evolve(status=PageStatus.UNREADABLE, reason=f"page_{why}", plan=plan_facts)
        plan, left = self.best.plan, self.best.left
        paragraphs = mapped(self.best.paragraphs, self.best.copy.to_delivered)
        lines = lines_of(paragraphs)
        confidence = mean_confidence(lines)
        if confidence < NOTHING:
            return base.evolve(
                status=PageStatus.UNREADABLE, reason="page_no_words", confidence=confidence, plan=plan_facts
            )
        return base.evolve(
            status=PageStatus.LOW_CONFIDENCE if confidence < OK_CONFIDENCE or left.too_much else PageStatus.OK,
            reason="page_unread" if left.too_much else None,
            orientation=plan.orientation if (runs := running_direction(lines)) is None else runs,
            skew=self.seen.skew,
            confidence=confidence,
            language=language_of(" ".join(word.text for line in lines for word in line), self.tesseract.languages),
            plan={**plan_facts, **plan.facts(), "unread": self._unread(left)},
            paragraphs=paragraphs,
        )

    def _is_blank_after_all(self) -> bool:
        """Marks, but no words: specks, a hole's edge, the front showing through. A failure is never a blank page.

        Pale print that cannot be read is no blank page either: what shows through is read better in a mirror.
        """
        if self.failure is not None or self.seen.drawn:
            return False
        if self.best is None or not self.best.paragraphs:
            return self.seen.ink < SPARSE_INK
        confidence = mean_confidence(self.best.lines)
        if confidence >= SHOW_THROUGH_CONFIDENCE or self.seen.contrast >= SHOW_THROUGH_CONTRAST:
            return False
        return self._try(replace(self.best.plan, mirrored=True)) > confidence

    def _climb(self) -> None:
        """One run where it goes well; else the other way up, then the other plans, until one is sure."""
        first = first_plan(self.seen, self._likely_orientation())
        confidence = self._try(first)
        if confidence < SURE_CONFIDENCE and self.seen.faint:
            first = replace(first, despeckle=True)
            confidence = max(confidence, self._try(first))
        if confidence < TURN_CONFIDENCE:
            confidence = max(confidence, self._turn(first))
        if confidence >= SURE_CONFIDENCE:
            self._read_the_rest()
            return
        held = self.best.plan if self.best else first
        for plan in other_plans(self.seen, held, self.grey.shape):
            if self._try(plan) >= SURE_CONFIDENCE:
                return

    def _read_the_rest(self) -> None:
        """Where print stayed unread: each row by itself; where it is much, before that the page once more as one block,
        with dark stains taken for ink."""
        assert self.best is not None
        if not self.best.left.too_much:
            return
        if self.best.left.share > MOST_BY_ITSELF and self.best.plan.flatten:
            self._try(replace(self.best.plan, guarded=True, segmentation=BLOCK))
        best = self.best
        if not best.left.too_much:
            return
        for box in best.left.boxes[:MOST_REGIONS]:
            if time.monotonic() > self.until:
                break
            best.paragraphs += self._read_region(best, box)
        best.paragraphs = in_order(best.paragraphs)
        words = [word.box for line in best.lines for word in line]
        best.left = unread(best.copy.grey, self.seen.dpi * best.plan.scale, best.plan.squeeze, words)

    def _read_region(self, best: _Best, box: Box) -> list[list[Line]]:
        """The lines of a part of the copy, as far as they are words."""
        grey = best.copy.grey
        margin = round(REGION_MARGIN * self.seen.dpi * best.plan.scale)
        x0, y0 = max(0, box[0] - margin), max(0, box[1] - margin)
        part = grey[y0 : box[3] + margin, x0 : box[2] + margin]
        part = cv2.copyMakeBorder(part, 2 * margin, 2 * margin, 2 * margin, 2 * margin, cv2.BORDER_CONSTANT, value=255)
        cv2.imwrite(str(self.copy), part)
        dpi = round(min(FINE_DPI * 2, max(70.0, self.seen.dpi * best.plan.scale)))
        try:
            found = hocr.parse_tesseract(self.tesseract.hocr(self.copy, dpi=dpi, segmentation=BLOCK))
        except (ProgramFailed, ElementTree.ParseError):
            return []
        across, down = x0 - 2 * margin, y0 - 2 * margin
        known = [word.box for line in best.lines for word in line]
        moved = mapped(found, lambda b: (b[0] + across, b[1] + down, b[2] + across, b[3] + down))
        fresh = [[_new_words(line, known) for line in lines] for lines in moved]
        return [
            kept for lines in fresh if (kept := [line for line in lines if mean_confidence((line,)) >= REGION_SURE])
        ]

    def _unread(self, left: Unread) -> dict[str, object]:
        """What stays unread, for the record: its share, and its regions on the delivered page."""
        assert self.best is not None
        regions = [list(self.best.copy.to_delivered(box)) for box in left.boxes] if left.too_much else []
        return {"share": round(left.share, 4), "regions": [{"kind": "print", "box": box} for box in regions]}

    def _turn(self, first: Plan) -> float:
        """Upside down is likely; across the lines only when the page has few of them."""
        best = 0.0
        for degrees in (180, 90, 270):
            best = max(best, self._try(replace(first, orientation=(first.orientation + degrees) % 360)))
            if best >= TURN_CONFIDENCE:
                break
        return best

    def _likely_orientation(self) -> int:
        seen, turn = self.seen, self.page.turn
        upright = 90 if seen.sideways else 0
        if not seen.faint and abs(seen.lean) > CLEAR_LEAN:
            return upright if seen.lean < 0 else upright + 180
        return turn if seen.sideways == (turn in (90, 270)) else upright

    def _try(self, plan: Plan) -> float:
        """One Tesseract run. Returns: its mean confidence, 0 when it failed, or when the page has had its time."""
        if self.tried and time.monotonic() > self.until:
            return 0.0
        copy = make_copy(self.grey, plan)
        if not cv2.imwrite(str(self.copy), copy.grey):
            self.failure = "copy_not_written"
            return 0.0
        dpi = round(min(FINE_DPI * 2, max(70.0, self.seen.dpi * plan.scale)))
        try:
            found = hocr.parse_tesseract(self.tesseract.hocr(self.copy, dpi=dpi, segmentation=plan.segmentation))
        except ProgramFailed as error:
            self.failure = "timeout" if error.details.get("why") == "timeout" else "ocr_failed"
            self.tried.append({**plan.facts(), "failed": self.failure})
            return 0.0
        except ElementTree.ParseError:
            self.failure = "ocr_failed"
            return 0.0
        lines = [line for paragraph in found for line in paragraph]
        confidence = mean_confidence(tuple(lines))
        left = unread(copy.grey, self.seen.dpi * plan.scale, plan.squeeze, [w.box for line in lines for w in line])
        letters = sum(len(word.text) for line in lines for word in line)
        score = confidence**2 * (1 - left.share) * min(1.0, letters / 40)
        facts = {"confidence": round(confidence, 3), "letters": letters, "unread": round(left.share, 4)}
        self.tried.append({**plan.facts(), **facts})
        if self.best is None or score > self.best.score:
            self.best = _Best(score, plan, copy, found, left)
        return confidence


def _new_words(line: Line, known: list[Box]) -> Line:
    """The words of a line that do not lie on words that are known."""
    return tuple(word for word in line if not any(_lies_in(word.box, box) for box in known))


def _lies_in(box: Box, other: Box) -> bool:
    across, down = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return other[0] <= across <= other[2] and other[1] <= down <= other[3]
