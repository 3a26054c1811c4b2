"""Whatever happens to a child while it does a job is that job's end, and nothing else's; the next call is answered."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.errors import EnvironmentProblem, LetterError
from core.kept import Ended, Kept
from ingest.formats import FileLimits
from ingest.guarded import Guarded


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    made = Kept(300, tmp_path, tmp_path / "log")
    yield made
    made.close()


ENDS: dict[str, tuple[tuple[Any, ...], str]] = {
    "exception": (("operator:truediv", 1, 0), "ZeroDivisionError"),
    "crash": (("os:abort",), "signal 6"),
    "exit": (("os:_exit", 3), "exit"),
    "memory": (("builtins:bytearray", 400 << 20), "memory"),
    "time": (("time:sleep", 60), "timeout"),
    "answer": (("builtins:object",), "TypeError"),  # no JSON
}


@pytest.mark.parametrize("case", ENDS)
def test_every_end_of_a_child_is_told_and_the_next_call_is_answered(case: str, kept: Kept) -> None:
    call, why = ENDS[case]
    with pytest.raises(Ended) as caught:
        kept.call(*call, seconds=1.0 if case == "time" else 20.0)
    assert caught.value.why == why
    assert kept.call("operator:add", 1, 2, seconds=20)[0] == 3


def test_a_child_is_kept_for_the_next_call(kept: Kept) -> None:
    assert kept.call("os:getpid", seconds=20) == kept.call("os:getpid", seconds=20)


@pytest.mark.parametrize("when", ["idle", "asked"])
def test_a_child_that_somebody_kills_is_not_the_files_fault(when: str, kept: Kept, tmp_path: Path) -> None:
    pid, _ = kept.call("os:getpid", seconds=20)
    if when == "idle":
        os.kill(pid, 9)
        assert kept.call("operator:add", 1, 2, seconds=20)[0] == 3
        return
    answers: list[object] = []
    flag = tmp_path / "flag"  # the child waits for it
    command = f"while [ ! -e {flag} ]; do sleep 0.05; done"
    asking = threading.Thread(target=lambda: answers.append(kept.call("os:system", command, seconds=30)[0]))
    asking.start()
    while not _children(pid):
        time.sleep(0.01)
    os.kill(pid, 9)
    flag.touch()
    asking.join(30)
    assert answers == [0]


def test_an_error_of_our_tree_comes_through(kept: Kept, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"PK\x03\x04")
    with pytest.raises(LetterError) as caught:
        kept.call("ingest.formats:inspect", tmp_path / "a.pdf", seconds=20)
    assert caught.value.code == "container"
    with pytest.raises(EnvironmentProblem):  # the machine took the file away: no verdict about it
        kept.call("ingest.formats:inspect", tmp_path / "gone.pdf", seconds=20)


def test_a_child_that_does_not_start_is_the_machines_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for kept in (Kept(300, tmp_path, tmp_path / "log", ("no_such_module",)), Kept(1, tmp_path, tmp_path / "log")):
        with pytest.raises(EnvironmentProblem):
            kept.call("os:getpid", seconds=20)
        kept.close()
    monkeypatch.setenv("PATH", str(tmp_path))  # no setpriv
    kept = Kept(300, tmp_path, tmp_path / "log")
    with pytest.raises(EnvironmentProblem):
        kept.call("os:getpid", seconds=20)
    kept.close()


def test_a_child_sees_little_of_our_environment(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AKTENLOTSE_ELASTICSEARCH_KEY", "geheim")
    assert kept.call("os:getenv", "AKTENLOTSE_ELASTICSEARCH_KEY", seconds=20)[0] is None


def test_a_child_dies_with_its_parent(tmp_path: Path) -> None:
    script = (
        "from pathlib import Path; from core.kept import Kept; import os, sys\n"
        f"kept = Kept(300, Path({str(tmp_path)!r}), Path({str(tmp_path / 'log')!r}))\n"
        "print(kept.call('os:getpid', seconds=20)[0], flush=True); os.kill(os.getpid(), 9)"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    pid = int(ended.stdout)
    deadline = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists() and _state(pid) != "Z" and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not Path(f"/proc/{pid}").exists() or _state(pid) == "Z"


@pytest.mark.parametrize(
    ("why", "reason"),
    [("signal 11", "damaged"), ("KeyError", "damaged"), ("memory", "too_large"), ("timeout", "too_slow")],
)
def test_the_end_of_a_look_is_the_files_verdict(why: str, reason: str, tmp_path: Path) -> None:
    class Ending(Kept):
        def call(self, *_: object, **__: object) -> tuple[object, bytearray]:
            raise Ended(why)

    kept = Ending(300, tmp_path, tmp_path / "log")
    guarded = Guarded(kept, FileLimits(), 5)
    with pytest.raises(LetterError) as caught:
        guarded.inspect(tmp_path / "a.pdf")
    assert caught.value.code == reason
    kept.close()


def _children(pid: int) -> str:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text()


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
