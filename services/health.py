"""What is installed, what is missing, how to mend it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from core.errors import AktenlotseError, ProgramMissing
from core.settings import Settings
from ingest.exec.readers import language_data, list_languages
from services.copying import copy_state
from services.house import House
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
    yield _tried("database", lambda: _database(house), "doctor.database")
    yield _tried("search", lambda: f"{house.settings.search}: {house.reader.count()}", "doctor.search")
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


def _tried(part: str, look: Callable[[], str], advice: str) -> Finding:
    try:
        return Finding(part, True, look())
    except AktenlotseError as error:
        return Finding(part, False, error.sentence(), advice)
    except sa.exc.SQLAlchemyError as error:
        return Finding(part, False, type(error).__name__, advice)


def _database(house: House) -> str:
    with house.database.read() as session:
        session.execute(sa.select(1))
    return house.database.engine.dialect.name
