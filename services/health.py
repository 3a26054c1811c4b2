"""What is installed, what is missing, how to mend it."""

from __future__ import annotations

import mmap
import os
import shlex
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from core.durable import OTHERS
from core.errors import EnvironmentProblem, ProgramMissing, StorageFull
from core.faults import machine_fault
from core.settings import Settings
from ingest.exec.readers import language_data, list_languages
from models import Source
from services.copying import copy_state
from services.house import House
from services.standing import health
from services.watching import concerns

APT = {
    "tesseract": "tesseract-ocr tesseract-ocr-deu tesseract-ocr-osd",
    "pdftotext": "poppler-utils",
    "pdftoppm": "poppler-utils",
    "gs": "ghostscript",
    "jbig2dec": "jbig2dec",
    "java": "openjdk-17-jre-headless",
    "setpriv": "util-linux",
    "prlimit": "util-linux",
}
FONTS = {
    "fonts-dejavu-core": Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"),
    "fonts-urw-base35": Path("/usr/share/fonts/opentype/urw-base35"),
}
NEEDED_BYTES, NEEDED_MEMORY, NEEDED_FILES = 16 << 20, 256 << 20, 16  # of a step with a letter of the usual size
NEEDED_TO_READ = ("tesseract", "pdftotext", "pdftoppm", "setpriv", "prlimit", "java")


@dataclass(frozen=True, slots=True)
class Finding:
    """One part: whether it is well, a detail (version, path), and the key of the sentence that says what to do."""

    part: str
    ok: bool
    detail: str
    advice: str | None = None


def need_programs(settings: Settings) -> None:
    """Everything that the way of a letter needs is there. Raises: ProgramMissing."""
    for program in NEEDED_TO_READ:
        if shutil.which(program) is None:
            raise ProgramMissing("program_missing_apt", program=program, package=APT[program])
    there = list_languages("tesseract")[1:]
    for language in settings.languages.split("+"):
        if language not in there:
            raise ProgramMissing("language_missing", language=language)
    if not any(settings.verapdf.glob("lib/*.jar")):
        raise ProgramMissing("verapdf_missing", path=str(settings.verapdf))


def probe(house: House) -> None:
    """Whether the machine can process a letter now: database, disks, programs, files and memory that a step needs.

    Raises: what is wrong, as EnvironmentProblem, OSError, MemoryError or an error of the database.
    """
    settings = house.settings
    house.store.need_root()
    for folder in (settings.archive, settings.journal, settings.staging, settings.work):
        disk = os.statvfs(folder)
        if disk.f_flag & os.ST_RDONLY:
            raise EnvironmentProblem("read_only", path=str(folder), why="EROFS")
        if disk.f_bavail * disk.f_frsize < NEEDED_BYTES:
            raise StorageFull(path=str(folder))
    for folder in (settings.staging, settings.work):  # in the archive nothing but objects may lie
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())
    with ExitStack() as opened:
        for _ in range(NEEDED_FILES):
            opened.enter_context(Path(os.devnull).open())
    mmap.mmap(-1, NEEDED_MEMORY).close()
    for program in NEEDED_TO_READ:
        if shutil.which(program) is None:
            raise ProgramMissing("program_missing_apt", program=program, package=APT[program])
    with house.database.write() as session:
        session.execute(sa.select(Source.id).limit(1))


def examine_machine(settings: Settings) -> Iterator[Finding]:
    """Look at programs, languages and validator; needs no home."""
    for program, package in APT.items():
        path = shutil.which(program)
        yield Finding(program, path is not None, path or package, None if path else "doctor.apt")
    data = language_data("tesseract")  # the library reads faster; without it the program does
    yield Finding("reader", True, f"tesserocr, {data}" if data else "tesseract")
    there = list_languages("tesseract")[1:]
    missing = [code for code in settings.languages.split("+") if code not in there]
    yield Finding("languages", not missing, ", ".join(missing or there), "doctor.language" if missing else None)
    for package, font in FONTS.items():
        there_too = font.exists()
        yield Finding(package, there_too, str(font), None if there_too else "doctor.font")
    jars = len(list(settings.verapdf.glob("lib/*.jar")))
    yield Finding("verapdf", jars > 0, f"{jars} jars", None if jars else "doctor.verapdf")


def examine_home(house: House) -> Iterator[Finding]:
    """Look at database, index and disk of a home."""
    yield _privacy(house.settings)
    yield _tried("database", lambda: _database(house), "doctor.database")
    yield _tried("search", lambda: f"{house.settings.search}: {house.reader.count()}", "doctor.search")
    yield _tried("machine", lambda: _well(house), "doctor.machine")
    yield _tried("loops", lambda: _loops(house), "doctor.loops")
    copy = copy_state(house)
    if copy is not None:
        well = copy["there"] and not copy["left_out"]
        detail = f"{copy['path']}: {copy['behind']}"
        yield Finding("archive_copy", well, detail, None if well else "doctor.copy")
    for concern in concerns(house):  # nothing is missing, but somebody should know
        yield Finding("routing", True, concern.sentence)
    usage = shutil.disk_usage(house.settings.home)
    free = usage.free / usage.total
    yield Finding("disk", free > 0.05, f"{usage.free >> 30} GiB", None if free > 0.05 else "doctor.disk")


def _privacy(settings: Settings) -> Finding:
    """Whether the home is our account's alone. A closed folder closes what lies in it; the inbox is the admin's matter:
    scanners deliver there."""
    home = settings.home
    looked_at = [home, *(path for path in home.iterdir() if path != settings.inbox), *settings.keys.iterdir()]
    foreign = [path for path in looked_at if path.lstat().st_uid != os.geteuid()]
    if foreign:
        return Finding("privacy", False, _named(foreign), "doctor.owner")
    opened = [path for path in looked_at if not path.is_symlink() and path.lstat().st_mode & OTHERS]
    if opened:
        return Finding("privacy", False, _named(opened), "doctor.privacy")
    return Finding("privacy", True, str(home))


def _named(paths: list[Path]) -> str:
    return shlex.join(str(path) for path in paths)


def _tried(part: str, look: Callable[[], str], advice: str) -> Finding:
    try:
        return Finding(part, True, look())
    except Exception as error:  # noqa: BLE001  whatever ails the part is what is asked for
        return Finding(part, False, machine_fault(error).sentence(), advice)


def _well(house: House) -> str:
    probe(house)
    return str(house.settings.archive)


def _loops(house: House) -> str:
    """Raises: EnvironmentProblem when a loop is silent or a fault lasts."""
    found = health(house)
    if found["unwell"]:
        raise EnvironmentProblem("unwell", why=" ".join(found["unwell"]))
    return str(len(found["loops"]))


def _database(house: House) -> str:
    with house.database.read() as session:
        session.execute(sa.select(1))
    return house.database.engine.dialect.name
