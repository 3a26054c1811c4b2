"""kill -9 of the Elasticsearch node in the midst of the intake: it goes on, and nothing is missing or twice after."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from search import Query, open_index
from tests.conftest import PROGRAM, ROOT, json_lines, run_program
from tests.integration.search.engines import ALL, Node, wipe
from tests.letters import small_text

FINAL = {"filed", "clarify"}


def wait_for(what: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end
        time.sleep(1)


@pytest.mark.parametrize("letters", [12, pytest.param(200, marks=pytest.mark.long)])
def test_node_killed_during_intake(node: Node, home: Path, letters: int) -> None:
    wipe(node)
    env = {
        "AKTENLOTSE_SEARCH": "elasticsearch",
        "AKTENLOTSE_ELASTICSEARCH": node.url,
        "AKTENLOTSE_QUIET_SECONDS": "0.2",
        "AKTENLOTSE_SCAN_SECONDS": "0.5",
    }

    def listed() -> list[dict[str, object]]:
        return json_lines(run_program(home, "list", "--json", env=env))

    def deliver(numbers: range) -> None:
        for number in numbers:
            part = home / "inbox" / f".{number}.txt"
            small_text(part, number)
            part.rename(home / "inbox" / f"{number}.txt")

    watch = subprocess.Popen(
        [*PROGRAM, "--home", str(home), "watch"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
        env={**os.environ, **env},
    )
    try:
        deliver(range(letters // 3))
        wait_for(lambda: any(line["indexed"] for line in listed()), 120 + letters)
        deliver(range(letters // 3, letters))
        node.kill()
        # intake goes on without the node, and the letters say that they are not indexed yet
        wait_for(lambda: sum(line["state"] in FINAL for line in listed()) == letters, 120 + 6 * letters)
        assert not all(line["indexed"] for line in listed())
        assert watch.poll() is None
        node.start()
        wait_for(lambda: all(line["indexed"] for line in listed()), 120 + letters)
    finally:
        watch.send_signal(signal.SIGTERM)
        watch.wait(120)
    checked = json.loads(run_program(home, "index", "verify", "--no-mend", "--json", env=env).stdout)
    assert (checked["documents"], checked["missing"], checked["surplus"]) == (letters, 0, 0)
    identity = json.loads((home / "identity.json").read_bytes())["identity"]
    index = open_index("elasticsearch", folder=home, nodes=node.url, writer=False, identity=identity)
    try:
        there = list(index.ids())
        assert len(there) == len(set(there)) == letters
        for number in range(letters):
            assert index.find(Query(f'"Schreiben Nummer {number}"', ALL)).total == 1
    finally:
        index.close()
