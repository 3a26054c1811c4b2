"""Sealing, and parting a stack, in a child with limits (ADR 0019).

A letter at which it dies or hangs has no PDF/A, and its original is the record. The validator stays with the parent;
the child asks it back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from archive.exec.verapdf import Validates, Verdict
from archive.parts import Extract, check_part, extract
from archive.seal import Sealed, SealJob, seal
from core.errors import LetterError, UnexpectedProblem
from core.kept import Ended, Kept
from core.kept_child import ask
from core.logs import log

LOG = log(__name__)


def seal_apart(kept: Kept, job: SealJob, validator: Validates, scratch: Path, seconds: float) -> Sealed:
    """As :func:`archive.seal.seal`, within ``seconds``. Raises: EnvironmentProblem."""
    try:
        sealed, _ = kept.call(
            "archive.apart:seal_inside",
            *(job, scratch),
            seconds=seconds,
            answer=lambda question: validator.validate(Path(question["pdf"]), question["flavour"]),
        )
    except Ended as end:
        LOG.warning("seal_ended_child", extra={"why": end.why, "trace": end.trace})
        return Sealed(None, "e", None, False, {"tried": [{"error": end.why}]}, {}, ("no_pdfa",))
    pdf = Path(sealed["pdf"]) if sealed["pdf"] else None
    return Sealed(**{**sealed, "pdf": pdf, "warnings": tuple(sealed["warnings"])})


def seal_inside(job: SealJob, scratch: Path) -> dict[str, Any]:
    """What the child does."""
    sealed = seal(job, _Asked(), scratch)
    return asdict(replace(sealed, pdf=None)) | {"pdf": str(sealed.pdf) if sealed.pdf else None}


def extract_apart(
    kept: Kept, original: Path, media_type: str, pages: Sequence[int], text: str, folder: Path, *, seconds: float
) -> Extract:
    """As :func:`archive.parts.extract`. Raises: LetterError where the letter cannot be taken out of its stack,
    EnvironmentProblem.
    """
    try:
        made, _ = kept.call(
            "archive.apart:extract_inside", original, media_type, list(pages), text, folder, seconds=seconds
        )
    except Ended as end:
        LOG.warning("extract_ended_child", extra={"why": end.why, "trace": end.trace})
        raise LetterError("damaged") from end
    return Extract(Path(made["path"]), made["media_type"], frozenset(made["warnings"]))


def extract_inside(original: Path, media_type: str, pages: list[int], text: str, folder: Path) -> dict[str, Any]:
    """What the child does."""
    made = extract(original, media_type, pages, text, folder)
    return {"path": str(made.path), "media_type": made.media_type, "warnings": sorted(made.warnings)}


def check_apart(
    kept: Kept,
    original: Path,
    media_type: str,
    pages: Sequence[int],
    text: str,
    files: Sequence[Path],
    *,
    seconds: float,
) -> None:
    """As :func:`archive.parts.check_part`. Raises: IntegrityError, UnexpectedProblem (no answer: nothing is sealed),
    EnvironmentProblem.
    """
    try:
        kept.call("archive.apart:check_inside", original, media_type, list(pages), text, list(files), seconds=seconds)
    except Ended as end:
        raise UnexpectedProblem(kind=end.why) from end


def check_inside(original: Path, media_type: str, pages: list[int], text: str, files: list[Path]) -> None:
    """What the child does."""
    check_part(original, media_type, pages, text, files)


class _Asked:
    """The parent's validator."""

    def validate(self, pdf: Path, flavour: str = "auto") -> Verdict:
        verdict = ask({"pdf": str(pdf), "flavour": flavour})
        assert isinstance(verdict, Verdict)
        return verdict
