"""Sealing in a child with limits (ADR 0019): a letter at which it dies or hangs has no PDF/A, and its original is
the record. The validator stays with the parent; the child asks it back.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from archive.exec.verapdf import Validates, Verdict
from archive.seal import Sealed, SealJob, seal
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


class _Asked:
    """The parent's validator."""

    def validate(self, pdf: Path, flavour: str = "auto") -> Verdict:
        verdict = ask({"pdf": str(pdf), "flavour": flavour})
        assert isinstance(verdict, Verdict)
        return verdict
