"""How long ``ingest`` waits for a machine that is ill."""

from __future__ import annotations

from pathlib import Path

import pytest

from commands import mail
from core.errors import EnvironmentProblem
from services.intake import Received


def test_a_machine_that_stays_ill_is_waited_for_once_not_once_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "TAKE_SECONDS", 0.6)  # one pause fits in
    tries: list[Path] = []

    def take(path: Path) -> Received:
        tries.append(path)
        raise EnvironmentProblem("database", why="away")

    files = [Path(f"brief-{number}.txt") for number in range(20)]
    lines = mail._all_taken(files, take)
    assert [line["source_name"] for line in lines if isinstance(line, dict)] == [path.name for path in files]
    assert len(tries) == 21


def test_a_sentence_of_a_path_that_is_no_text_can_be_printed_and_stored() -> None:
    sentence = EnvironmentProblem("no_access", path="/eingang/Stra\udcdfe.txt", why="EACCES").sentence()
    assert "Stra\ufffde.txt" in sentence
    assert sentence.encode()
