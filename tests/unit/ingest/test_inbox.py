"""When a file in the inbox is ready: its format's end, stillness, and the pauses that its writer was seen to make."""

from __future__ import annotations

import os
from pathlib import Path

import pillow_heif
import pytest
from PIL import Image

from ingest.complete import has_its_end
from ingest.inbox import GROWING, INCOMPLETE, NO_FILE, SCRATCH_FILE, Inbox

pillow_heif.register_heif_opener()
SUFFIXES = ("pdf", "png", "jpg", "gif", "tif", "webp", "heic")


def image_file(folder: Path, suffix: str) -> Path:
    path = folder / f"scan.{suffix}"
    Image.effect_noise((320, 240), 60).convert("RGB").save(path)
    return path


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_whole_file_has_its_end_and_a_piece_has_not(tmp_path: Path, suffix: str) -> None:
    path = image_file(tmp_path, suffix)
    data = path.read_bytes()
    assert has_its_end(path)
    for share in (0.2, 0.5, 0.9):
        path.write_bytes(data[: int(len(data) * share)])
        assert not has_its_end(path), share


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("padding", [b"\0" * 4845, b"\0" * 200_000, b"\r\n" * 10])
def test_padding_behind_the_end_is_no_damage(tmp_path: Path, suffix: str, padding: bytes) -> None:
    path = image_file(tmp_path, suffix)
    path.write_bytes(path.read_bytes() + padding)
    assert has_its_end(path) or suffix == "heic"  # its boxes would have to say so


def test_a_file_of_many_pages_needs_each(tmp_path: Path) -> None:
    path = tmp_path / "many.tif"
    pages = [Image.effect_noise((300, 300), 50) for _ in range(3)]
    pages[0].save(path, save_all=True, append_images=pages[1:])
    data = path.read_bytes()
    assert has_its_end(path)
    path.write_bytes(data[: len(data) * 2 // 3])
    assert not has_its_end(path)


def test_text_has_no_end_of_its_own_and_nothing_is_incomplete(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Guten Tag")
    (tmp_path / "b.txt").touch()
    assert has_its_end(tmp_path / "a.txt")
    assert not has_its_end(tmp_path / "b.txt")


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def inbox(tmp_path: Path, clock: Clock) -> Inbox:
    return Inbox(tmp_path, 2.0, 60.0, clock)


def written(path: Path, text: str, clock: Clock) -> None:
    """Write, at the clock's time as far as the system lets us: the change time is the real one."""
    path.write_text(text)
    clock.now = max(clock.now, path.stat().st_ctime)


def test_a_still_file_is_ready_and_a_fresh_one_is_not(inbox: Inbox, tmp_path: Path, clock: Clock) -> None:
    written(tmp_path / "a.txt", "Brief", clock)
    assert inbox.look().unready == ((tmp_path / "a.txt", GROWING),)
    clock.now += 2.1
    assert inbox.look().ready == (tmp_path / "a.txt",)


def test_an_incomplete_file_is_waited_for_and_then_taken(inbox: Inbox, tmp_path: Path, clock: Clock) -> None:
    written(tmp_path / "a.pdf", "%PDF-1.7 halb", clock)
    clock.now += 30
    assert inbox.look().unready == ((tmp_path / "a.pdf", INCOMPLETE),)
    clock.now += 31
    assert inbox.look().ready == (tmp_path / "a.pdf",)


def test_a_writer_that_paused_is_waited_for_twice_as_long(inbox: Inbox, tmp_path: Path, clock: Clock) -> None:
    file = tmp_path / "scanner" / "a.txt"
    file.parent.mkdir()
    written(file, "Seite 1", clock)
    inbox.look()
    later = file.stat().st_mtime + 20
    os.utime(file, (later, later))  # written again 20 seconds later
    clock.now = later
    inbox.look()
    assert inbox.needed(file.parent) == pytest.approx(40, abs=1)
    assert inbox.needed(tmp_path) == 2.0  # another source's pauses are its own
    clock.now = later + 39
    assert not inbox.look().ready
    clock.now = later + 41
    assert inbox.look().ready == (file,)


def test_a_change_of_rights_is_no_pause_of_a_writer(inbox: Inbox, tmp_path: Path, clock: Clock) -> None:
    file = tmp_path / "a.txt"
    written(file, "Brief", clock)
    inbox.look()
    file.chmod(0o600)
    inbox._seen[file].changed -= 50  # the change time cannot be set: it was written 50 seconds ago
    clock.now += 5
    inbox.look()
    assert inbox.needed(tmp_path) == 2.0


def taken_and_back(inbox: Inbox, file: Path, clock: Clock, seconds: float) -> None:
    """A file is taken as soon as it may be, and its name comes back so long after it was written."""
    written(file, "Seite 1", clock)
    clock.now += 3
    assert inbox.look().ready == (file,)
    file.unlink()
    inbox.took(file)
    inbox.look()
    clock.now += seconds - 3
    written(file, "Seite 1, Seite 2", clock)
    os.utime(file, (clock.now, clock.now))
    inbox.look()


def test_a_file_that_comes_back_under_its_name_shows_a_pause(inbox: Inbox, tmp_path: Path, clock: Clock) -> None:
    """Also a pause that is hardly longer than the time until the file was taken."""
    taken_and_back(inbox, tmp_path / "a.txt", clock, 4)
    assert inbox.needed(tmp_path) == pytest.approx(8, abs=1)


def test_a_device_that_names_each_letter_alike_is_not_waited_for(inbox: Inbox, tmp_path: Path, clock: Clock) -> None:
    """Waiting twice its interval would mean that the next letter overwrites the one that waits."""
    taken_and_back(inbox, tmp_path / "scan.txt", clock, 50)
    assert inbox.needed(tmp_path) == 2.0


def test_a_file_that_changed_since_the_look_is_not_taken_in_this_round(
    inbox: Inbox, tmp_path: Path, clock: Clock
) -> None:
    file = tmp_path / "a.txt"
    written(file, "Seite 1", clock)
    clock.now += 3
    assert inbox.look().ready == (file,)
    assert inbox.is_as_seen(file)
    file.write_text("Seite 1, Seite 2")
    assert not inbox.is_as_seen(file)
    file.unlink()
    assert not inbox.is_as_seen(file)


def test_what_nobody_takes_is_named(inbox: Inbox, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "rohr")
    (tmp_path / "link.txt").symlink_to(tmp_path)
    (tmp_path / "scan.pd~").touch()
    (tmp_path / ".verborgen").touch()
    assert dict(inbox.look().unready) == {
        tmp_path / "rohr": NO_FILE,
        tmp_path / "link.txt": NO_FILE,
        tmp_path / "scan.pd~": SCRATCH_FILE,
    }


def test_an_inbox_that_is_gone_is_no_empty_one(tmp_path: Path, clock: Clock) -> None:
    with pytest.raises(FileNotFoundError):
        Inbox(tmp_path / "weg", 2.0, 60.0, clock).look()
