"""Sealing in a child: the same PDF/A as here, and whatever a file does there ends as a verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from archive import Sealed, SealJob, Validator, seal, seal_apart
from archive.exec.verapdf import Verdict
from archive.seal import _Ladder
from core.errors import EnvironmentProblem, ValidatorUnavailable
from core.kept import Kept
from tests.integration.archive import archive_pdfs as pdfs

Seal = Callable[..., Sealed]
SECONDS = 60.0


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    made = Kept(900, tmp_path, tmp_path / "log", ("archive.apart",))
    yield made
    made.close()


def job_of(folder: Path, data: bytes) -> SealJob:
    original = folder / "original.pdf"
    original.write_bytes(data)
    return SealJob(original, "application/pdf", (), "Antrag", "de")


def test_a_child_seals_as_we_do(kept: Kept, validator: Validator, tmp_path: Path) -> None:
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
    job = job_of(tmp_path, pdfs.unembedded_font())
    here = seal(job, validator, tmp_path / "here")
    there = seal_apart(kept, job, validator, tmp_path / "there", SECONDS)
    assert here.pdf is not None
    assert there.pdf is not None
    assert here.pdf.read_bytes() == there.pdf.read_bytes()
    for one in ("rung", "flavour", "valid", "gate", "warnings"):
        assert getattr(here, one) == getattr(there, one)


class _NoValidator:
    def validate(self, pdf: Path, flavour: str = "auto") -> Verdict:
        raise ValidatorUnavailable


def test_a_validator_that_is_away_is_no_fault_of_the_letter(kept: Kept, tmp_path: Path) -> None:
    with pytest.raises(ValidatorUnavailable):
        seal_apart(kept, job_of(tmp_path, pdfs.embedded_font()), _NoValidator(), tmp_path, SECONDS)


def test_a_letter_that_hangs_has_no_pdfa(kept: Kept, validator: Validator, tmp_path: Path) -> None:
    sealed = seal_apart(kept, job_of(tmp_path, pdfs.embedded_font()), validator, tmp_path, 0.0)
    assert (sealed.pdf, sealed.rung, sealed.valid, sealed.warnings) == (None, "e", False, ("no_pdfa",))
    assert sealed.verdict == {"tried": [{"error": "timeout"}]}


@pytest.mark.parametrize(
    "error", [RecursionError(), MemoryError(), AssertionError(), SyntaxError(), OSError("decoder -2")]
)
def test_a_rung_that_throws_anything_gives_way(error: Exception, sealed: Seal, monkeypatch: pytest.MonkeyPatch) -> None:
    def throw(_: _Ladder) -> None:
        raise error

    monkeypatch.setattr(_Ladder, "_repaired", throw)
    result = sealed(pdfs.embedded_font())
    assert result.valid
    assert {"rung": "c", "step": "throw", "error": type(error).__name__} in result.verdict["tried"]


@pytest.mark.parametrize("error", [OSError(5, "EIO"), OSError(24, "EMFILE"), EnvironmentProblem()])
def test_the_machines_fault_is_not_the_letters(error: Exception, sealed: Seal, monkeypatch: pytest.MonkeyPatch) -> None:
    def throw(_: _Ladder) -> None:
        raise error

    monkeypatch.setattr(_Ladder, "_repaired", throw)
    with pytest.raises(EnvironmentProblem):
        sealed(pdfs.embedded_font())
