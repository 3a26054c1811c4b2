"""The embedded engine among several processes."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.errors import IndexUnreachable
from search import open_index
from tests.integration.search.engines import entry, found

READER = """
import sys, time
from pathlib import Path
from search import Query, open_index
index = open_index("embedded", folder=Path(sys.argv[1]), writer=False)
ask = lambda: index.find(Query("Hund", frozenset({"*"}))).total
print(ask(), flush=True)
sys.stdin.readline()
until = time.monotonic() + 5
while ask() != int(sys.argv[2]) and time.monotonic() < until:
    time.sleep(0.02)
print(ask(), flush=True)
"""


def reader(folder: Path, wanted: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", READER, str(folder), str(wanted)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def told(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def go_on(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def test_another_process_sees_commits_and_new_generations(tmp_path: Path) -> None:
    index = open_index("embedded", folder=tmp_path, writer=True)
    index.put([entry("a", "Hund")])
    with reader(tmp_path, 2) as one, reader(tmp_path, 3) as other:
        assert (told(one), told(other)) == ("1", "1")
        index.put([entry("b", "Hund")])
        go_on(one)
        assert told(one) == "2"
        index.begin_generation().put([entry(id, "Hund") for id in "xyz"])
        index.commit_generation()
        go_on(other)
        assert told(other) == "3"
    index.close()


def test_second_writer_is_refused(tmp_path: Path) -> None:
    index = open_index("embedded", folder=tmp_path, writer=True)
    with pytest.raises(IndexUnreachable) as refused:
        open_index("embedded", folder=tmp_path, writer=True)
    assert refused.value.code == "index_locked"
    index.close()
    open_index("embedded", folder=tmp_path, writer=True).close()


def test_reader_may_not_write(tmp_path: Path) -> None:
    with pytest.raises(IndexUnreachable):
        open_index("embedded", folder=tmp_path, writer=False).put([entry("a", "Hund")])


def test_survives_kill_while_writing(tmp_path: Path) -> None:
    script = """
import sys
from pathlib import Path
from search import open_index
from tests.integration.search.engines import entry
index = open_index("embedded", folder=Path(sys.argv[1]), writer=True)
for number in range(10_000):
    index.put([entry(f"d{number}", "Hund")])
    print(number, flush=True)
"""
    writer = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    acknowledged = -1
    until = time.monotonic() + 60
    while acknowledged < 20 and time.monotonic() < until:
        acknowledged = int(writer.stdout.readline())
    writer.kill()
    acknowledged = max([acknowledged, *(int(line) for line in writer.stdout.read().split())])
    writer.wait()
    writer.stdout.close()
    index = open_index("embedded", folder=tmp_path, writer=True)
    assert {f"d{number}" for number in range(acknowledged + 1)} <= set(index.ids())
    index.close()


def test_unfinished_generation_is_resumed(tmp_path: Path) -> None:
    index = open_index("embedded", folder=tmp_path, writer=True)
    index.put([entry("a", "alt")])
    index.begin_generation().put([entry("a", "neu")])
    index.close()  # as after a crash: neither committed nor dropped
    index = open_index("embedded", folder=tmp_path, writer=True)
    assert found(index, '"alt"') == ["a"]
    new = index.begin_generation()
    assert list(new.ids()) == ["a"]
    index.commit_generation()
    assert found(index, '"neu"') == ["a"]
    index.close()
