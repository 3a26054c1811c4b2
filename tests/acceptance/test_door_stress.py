"""The door under stress: a folder full of hostile things, three starts, and the rules that hold all the same."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

import pikepdf

from tests.conftest import PROGRAM, ROOT, SAMPLES, json_lines, run_program
from tests.letters import text_of

QUICK = {
    "AKTENLOTSE_QUIET_SECONDS": "0.3",
    "AKTENLOTSE_SCAN_SECONDS": "0.3",
    "AKTENLOTSE_INCOMPLETE_SECONDS": "900",  # those stay in the inbox as long as a test runs
}
CAPABILITIES = "-dac_override,-dac_read_search"
WITHOUT_PRIVILEGE = ["setpriv", f"--inh-caps={CAPABILITIES}", f"--bounding-set={CAPABILITIES}"]  # rights count for root
SCAN = SAMPLES / "scans"
GOOD = 10


def start(home: Path, **settings: str) -> subprocess.Popen[str]:
    """``watch`` as an account that no right is waived for."""
    words = WITHOUT_PRIVILEGE if os.getuid() == 0 else []
    return subprocess.Popen(
        [*words, *PROGRAM, "--home", str(home), "watch"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="backslashreplace",
        cwd=ROOT,
        env={**os.environ, **QUICK, **settings},
    )


@contextmanager
def watching(home: Path, **settings: str) -> Iterator[subprocess.Popen[str]]:
    """``watch``, alive to the end, ended as an operator ends it, without a trace of a fault on the terminal."""
    process = start(home, **settings)
    ended_early = None
    try:
        until(lambda: holds(home, process))
        yield process
        ended_early = process.poll()
    finally:
        process.terminate()
        said, _ = process.communicate(timeout=90)
    assert ended_early is None, said
    assert process.returncode == 0, said
    assert "Traceback" not in said, said


def holds(home: Path, process: subprocess.Popen[str]) -> bool:
    """Whether a process has begun to watch: the lock names it."""
    lock = home / "inbox.lock"
    assert process.poll() is None, "it ended at once"
    return lock.is_file() and f'"pid": {process.pid},' in lock.read_text()


def until(reached: Callable[[], bool], seconds: float = 90) -> None:
    """Wait for a condition; it is an error when it does not come."""
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.1)


def door(home: Path) -> dict[str, Any]:
    """What ``status`` says of the inbox."""
    told = json.loads(run_program(home, "status", "--json").stdout)
    return {name: told[name] for name in ("inbox_paused", "inbox_waiting", "inbox_unready")}


def deliveries(home: Path) -> Counter[str]:
    """How often each name was received or delivered again, by the journal."""
    lines = [line for path in (home / "journal").rglob("entries.jsonl") for line in path.read_text().splitlines()]
    entries = [json.loads(line) for line in lines]
    return Counter(entry["action"] for entry in entries if entry["action"] in ("source.receive", "source.deliver"))


def letters(home: Path) -> list[dict[str, Any]]:
    return json_lines(run_program(home, "list", "--json"))


def put(folder: Path, name: bytes, content: bytes) -> Path:
    path = Path(os.fsdecode(os.fsencode(folder) + b"/" + name))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def tiff_without_its_second_size() -> bytes:
    """Two directories, the second without its width: readers of the first page see nothing wrong."""
    picture = (SCAN / "06-klage-rechtsanwalt-2-seiten.tif").read_bytes()
    order: Literal["little", "big"] = "little" if picture[:2] == b"II" else "big"
    first = int.from_bytes(picture[4:8], order)
    count = int.from_bytes(picture[first : first + 2], order)
    second = int.from_bytes(picture[first + 2 + 12 * count : first + 6 + 12 * count], order)
    width = picture.index((256).to_bytes(2, order), second)
    return picture[:width] + (65000).to_bytes(2, order) + picture[width + 2 :]


class Hostile:
    """An inbox with thirty things that nobody should put there, ten letters among them."""

    def __init__(self, inbox: Path, aside: Path) -> None:
        self.inbox = inbox
        whole = {path.suffix: path.read_bytes() for path in sorted(SCAN.iterdir(), reverse=True)}
        for number in range(GOOD):
            folder = [b"", b"", b"Ordner/", b"Stra\xdfe/"][number % 4]
            put(inbox, folder + f"gut-{number}.txt".encode(), text_of(number).encode())
        # names: taken all the same
        self.odd_names = [
            b"Stra\xdfe.txt",
            b"Ordner-\xe4/B\xfcro.txt",
            b"x" * 251 + b".txt",
            "ä".encode() * 125 + b"\xff.txt",
            b"Zeile\num.txt",
            b"\x1b[31mrot\x1b[0m.txt",
            b"[bold]fett[/2025].txt",
            b"-rf.txt",
            b"   .txt",
            "gnp.\u202etxt".encode() + b".txt",
            b"a\\b:c*.txt",
            b"/".join([b"tief"] * 40) + b"/unten.txt",
        ]
        for number, name in enumerate(self.odd_names):
            put(inbox, name, text_of(100 + number).encode())
        # things that are no files to take
        (inbox / "schleife").symlink_to(inbox)
        (inbox / "ins-leere.txt").symlink_to(inbox / "gibt-es-nicht")
        put(aside, b"fremd.txt", text_of(90).encode())
        (inbox / "hinaus.txt").symlink_to(aside / "fremd.txt")
        os.mkfifo(inbox / "rohr.pdf")
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(os.path.relpath(inbox / "s"))  # a socket's path may not be long
        # provisional names
        for name in (b"a.pdf.part", b"Scan.pd~", b"~$Brief.docx", b"b.TMP"):
            put(inbox, name, whole[".pdf"])
        put(inbox, b".versteckt.pdf", whole[".pdf"])
        # not whole: waited for
        for suffix in (".pdf", ".jpg", ".png", ".tif"):
            put(inbox, b"halb" + suffix.encode(), whole[suffix][: len(whole[suffix]) * 2 // 3])
        put(inbox, b"leer.txt", b"")
        # whole, but no letters
        put(inbox, b"rauschen.bin", bytes(range(1, 256)) * 40)
        put(inbox, b"zwei-verzeichnisse.tif", tiff_without_its_second_size())
        # rights
        self.unreadable = put(inbox, b"zu.txt", text_of(91).encode())
        self.unreadable.chmod(0)
        self.closed = put(inbox, b"geschlossen/innen.txt", text_of(92).encode()).parent
        self.closed.chmod(0)
        self.fixed = put(inbox, b"fest\xff/bleibt.txt", text_of(93).encode())
        self.fixed.parent.chmod(0o555)  # read, but not moved from there
        self.barred = (self.unreadable, self.closed / "innen.txt", self.fixed)

    def trouble(self, end: threading.Event) -> None:
        """Folders that come and go, a file that changes its name, one that grows, all the time."""
        number = 0
        growing = (self.inbox / "waechst.txt").open("a")
        (self.inbox / "wandert-0.txt").write_text(text_of(94))
        while not end.wait(0.02):
            folder = self.inbox / f"fluechtig-{number}" / "a"
            folder.mkdir(parents=True)
            (folder / "c.txt").touch()
            shutil.rmtree(folder.parent, ignore_errors=True)
            with suppress(FileNotFoundError):
                (self.inbox / f"wandert-{number}.txt").rename(self.inbox / f"wandert-{number + 1}.txt")
            growing.write(text_of(95))
            growing.flush()
            number += 1
        growing.close()

    def open_up(self) -> None:
        self.unreadable.chmod(0o644)
        self.closed.chmod(0o755)
        self.fixed.parent.chmod(0o755)


def test_thirty_hostile_things_and_ten_letters_at_three_starts(home: Path, tmp_path: Path) -> None:
    hostile = Hostile(home / "inbox", tmp_path / "aside")
    done = home / "done"
    quick = len(hostile.odd_names) + 1  # and the noise

    def moved() -> int:
        return sum(1 for path in done.rglob("*") if path.is_file())

    first = start(home)
    until(lambda: moved() >= 5)
    first.kill()
    first.communicate()
    end = threading.Event()
    trouble = threading.Thread(target=hostile.trouble, args=(end,))
    trouble.start()
    try:
        with watching(home):
            until(lambda: moved() >= GOOD + quick)
    finally:
        end.set()
        trouble.join()
    with watching(home):
        until(lambda: moved() >= GOOD + quick + 2)  # the one that wandered, and the one that grew
        until(lambda: "bleibt.txt" in {one["name"] for one in door(home)["inbox_waiting"]})
        told = door(home)
        hostile.open_up()
        until(lambda: not any(path.exists() for path in hostile.barred))
    assert told["inbox_paused"] is None
    waits = {one["name"]: one for one in told["inbox_waiting"]}
    assert (waits["bleibt.txt"]["code"], waits["bleibt.txt"]["received"]) == ("no_access", True)
    assert told["inbox_unready"] == {"no_file": 5, "scratch": 4, "not_readable": 2, "incomplete": 5}
    found = letters(home)
    names = Counter(line["source_name"] for line in found)
    states = {line["source_name"]: line["state"] for line in found}
    for number in range(GOOD):
        assert names[f"gut-{number}.txt"] == 1
        assert states[f"gut-{number}.txt"] in ("filed", "clarify")
    assert not {name for name, count in names.items() if count > 1}
    assert "zwei-verzeichnisse.tif" in {*waits, *states}
    assert states["rauschen.bin"] == "quarantined"
    assert "Stra\ufffde.txt" in states
    assert deliveries(home)["source.deliver"] == deliveries(home)["source.receive"]


def test_a_file_that_replaces_an_unmovable_one_is_a_letter_of_its_own(home: Path) -> None:
    """A scanner that counts from 1 again each morning, while yesterday's file could not be moved."""
    inbox = home / "inbox"
    inbox.joinpath("fest").mkdir()
    file = inbox / "fest" / "scan-1.txt"
    file.write_text(text_of(1))
    file.parent.chmod(0o555)
    with watching(home):
        until(lambda: bool(door(home)["inbox_waiting"]))
        file.write_text(text_of(2))
        file.parent.chmod(0o755)
        until(lambda: not file.exists())
        until(lambda: len(letters(home)) == 2)


def test_an_unmovable_file_is_taken_once_over_restarts(home: Path) -> None:
    folder = home / "inbox" / "fest"
    folder.mkdir()
    (folder / "a.txt").write_text(text_of(1))
    folder.chmod(0o555)
    for _ in range(2):
        with watching(home):
            until(lambda: any(one["received"] for one in door(home)["inbox_waiting"]))
    folder.chmod(0o755)
    assert len(letters(home)) == 1
    assert deliveries(home) == {"source.receive": 1, "source.deliver": 1}


def test_an_inbox_that_was_away_is_no_lasting_pause(home: Path) -> None:
    inbox = home / "inbox"
    with watching(home):
        inbox.rename(home / "away")
        until(lambda: door(home)["inbox_paused"] is not None)
        (home / "away").rename(inbox)
        until(lambda: door(home)["inbox_paused"] is None)
        (inbox / "a.txt").write_text(text_of(1))
        until(lambda: not (inbox / "a.txt").exists())


def test_a_fault_of_the_name_and_the_move_together_is_only_that_files(home: Path) -> None:
    """The sentence names a path that is no text; neither terminal nor status may end at it."""
    folder = put(home / "inbox", b"gesch\xfctzt/Stra\xdfe.txt", text_of(1).encode()).parent
    folder.chmod(0o555)
    with watching(home):
        until(lambda: bool(door(home)["inbox_waiting"]))
        (home / "inbox" / "gut.txt").write_text(text_of(2))
        until(lambda: not (home / "inbox" / "gut.txt").exists())
        assert door(home)["inbox_paused"] is None
    folder.chmod(0o755)


def test_watch_and_ingest_beside_each_other_take_a_file_once(home: Path) -> None:
    inbox = home / "inbox"
    with watching(home):
        for number in range(8):
            (inbox / f"brief-{number}.txt").write_text(text_of(number))
        run_program(home, "ingest", str(inbox), "--json", check=False)
        until(lambda: not any(inbox.iterdir()))
    assert len(letters(home)) == 8
    assert deliveries(home) == {"source.receive": 8, "source.deliver": 8}


def test_a_fault_of_the_machine_pauses_the_intake_and_is_said_once(home: Path) -> None:
    inbox, staging = home / "inbox", home / "staging"
    with watching(home):
        staging.rename(home / "away")
        staging.write_text("an obstacle in place of the folder")
        for number in range(4):
            (inbox / f"brief-{number}.txt").write_text(text_of(number))
        until(lambda: (door(home)["inbox_paused"] or {"tries": 0})["tries"] >= 2)
        assert door(home)["inbox_waiting"] == []
        staging.unlink()
        (home / "away").rename(staging)
        until(lambda: not any(inbox.iterdir()))
        assert door(home)["inbox_paused"] is None
    said = (home / "aktenlotse.log").read_text()
    assert said.count('"fault_began"') == 1
    assert len(letters(home)) == 4
    assert all(line["state"] != "quarantined" for line in letters(home))


def test_a_pdf_rewritten_page_by_page_is_in_pieces_at_its_first_pause_only(home: Path) -> None:
    """Each version is whole for its format; only the writer's own pauses show that it is not the last: once."""
    target = home / "inbox" / "stapel.pdf"
    with pikepdf.open(SCAN / "05-einwendung-bebauungsplan-3-seiten.pdf") as whole:
        versions = []
        for count in range(1, 6):
            part = pikepdf.new()
            part.pages.extend(whole.pages[number % 3] for number in range(count))
            part.save(home / "part.pdf")
            versions.append((home / "part.pdf").read_bytes())
    with watching(home, AKTENLOTSE_QUIET_SECONDS="1.0"):
        for number, version in enumerate(versions):
            target.write_bytes(version)
            if number + 1 < len(versions):
                time.sleep(2.0)  # the writer's own pause
        until(lambda: not target.exists())
    taken = [path.read_bytes() for path in (home / "done").rglob("*") if path.is_file()]
    assert versions[-1] in taken
    assert len(taken) <= 2
