"""What the tests of the search room share: a real Elasticsearch node, entries, questions."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from search import Entry, Query, SearchIndex

NODE = Path(__file__).resolve().parents[2] / "elasticsearch" / "node"
ALL = frozenset({"*"})
START_SECONDS = 420  # the first start fetches the jars


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@dataclass
class Node:
    """A real Elasticsearch node of our own, started and stopped by its pid."""

    home: Path
    port: int = field(default_factory=free_port)
    transport: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        log = self.home / "node.log"
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                [str(NODE), str(self.home), str(self.port), str(self.transport)],
                stdout=out,
                stderr=out,
                env={**os.environ, "NODE_HEAP": "384m"},
            )
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            if self.process.poll() is not None:
                break
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                if b"READY" in log.read_bytes():
                    return
            time.sleep(0.2)
        self.stop()
        pytest.fail(f"the Elasticsearch node did not start (JDK 17 and Maven needed):\n{log.read_text()[-3000:]}")

    def kill(self) -> None:
        """As a power cut would."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(30)
            self.process = None
            log = self.home / "node.log"
            log.write_bytes(b"")

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(30)
            self.process = None


def wipe(node: Node) -> None:
    """Take all indices away."""
    client = Elasticsearch(node.url)
    for name in client.indices.get(index="aktenlotse-*", allow_no_indices=True).body:
        client.indices.delete(index=name)
    client.close()


def entry(id: str, body: str = "", **values: object) -> Entry:
    """An entry in which nothing stands but what the test is about."""
    plain: dict[str, object] = {
        "id": id,
        "pages": tuple(body.split("\f")),
        "subject": "",
        "sender": "",
        "unit": "22",
        "unit_name": "",
        "doctype": "",
        "state": "filed",
        "file_reference": "",
        "foreign_reference": "",
        "efile": "",
        "case": "",
        "source_name": "",
        "entry_no": "",
        "day": None,
        "received_on": date(2025, 3, 12),
        "tokens": frozenset({"*", "u:*", "u:22"}),
    }
    return Entry(**(plain | values))  # type: ignore[arg-type]


def fill(index: SearchIndex, *entries: Entry) -> None:
    """Write, and wait until it is seen."""
    index.put(entries)
    settle(index)


def settle(index: SearchIndex) -> None:
    """Elasticsearch shows what was written within half a second; a test need not wait for it."""
    client = getattr(getattr(index, "_engine", None), "client", None)
    if isinstance(client, Elasticsearch):
        client.indices.refresh(index="aktenlotse*")


def found(index: SearchIndex, text: str, **values: object) -> list[str]:
    """The ids that a query finds, best first."""
    plain: dict[str, object] = {"text": text, "tokens": ALL}
    return [hit.id for hit in index.find(Query(**(plain | values))).hits]  # type: ignore[arg-type]
