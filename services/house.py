"""The opened home folder: settings, database, archive, journal, and the parts that are made when first needed."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from archive import Validator
from archive.journal import JournalFiles
from archive.store import Store
from archive.timestamps import Rfc3161, TimeStamper
from core import logs
from core.durable import make_folders
from core.errors import IndexUnreachable, UsageError
from core.kept import Kept
from core.marks import MARK, read_mark
from core.open_faults import OpenFaults
from core.settings import CONFIG, Settings
from ingest.exec.tesseract import Tesseract
from ingest.formats import FileLimits
from ingest.guarded import Guarded
from models import Database
from search import SearchIndex, open_index

FOLDERS = (
    "inbox",
    "done",
    "quarantine",
    "archive",
    "staging",
    "journal",
    "work",
    "index",
    "routing-models",
    "keys",
)


class House:
    """Everything that an act needs, wired once; closed at the end."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        logs.configure(settings.home / "aktenlotse.log", settings.log_level)
        self._tempdir_before = tempfile.tempdir
        tempfile.tempdir = str(settings.work)  # what a killed process leaves lies in our folder, and is swept
        self.database = Database(settings.database_url, settings.home)
        self.store = Store(settings.archive, settings.staging)
        roots = Path(settings.timestamp_ca) if settings.timestamp_ca else None
        self.journal = JournalFiles(settings.journal, self.store, settings.keys / "journal.ed25519", roots)
        self.database.after_commit = self._journal_is_durable
        self.identity: str | None = None  # None: a new home, or one that was made before there were identities
        self.take_identity(read_mark(settings.home / MARK))
        self._index_lock = threading.Lock()
        self.faults = OpenFaults()
        self.count_index_at = 0.0  # monotonic; when the indexer counts both sides next

    def take_identity(self, identity: str | None) -> None:
        """From now on archive and journal must be those of this home."""
        self.identity = self.store.identity = self.journal.identity = identity

    def _journal_is_durable(self) -> None:
        self.journal.catch_up(self.database)

    @cached_property
    def tesseract(self) -> Tesseract:
        """Raises: ProgramMissing."""
        settings = self.settings
        return Tesseract.behind_launcher(
            settings.work, settings.languages, settings.page_seconds, settings.page_memory_mb
        )

    @cached_property
    def kept(self) -> Kept:
        """Children that open strangers' files."""
        settings = self.settings
        modules = "ingest.inside", "archive.apart"
        return Kept(settings.child_memory_mb, settings.work, settings.home / "aktenlotse.log", modules)

    @cached_property
    def guarded(self) -> Guarded:
        """Looks into delivered files."""
        settings = self.settings
        limits = FileLimits(
            file_mb=settings.file_mb,
            pages=settings.file_pages,
            page_points=settings.page_points,
            page_pixels=settings.page_pixels,
            embedded=settings.embedded_files,
            embedded_mb=settings.embedded_mb,
            nesting=settings.nesting,
        )
        return Guarded(self.kept, limits, settings.look_seconds)

    @cached_property
    def validator(self) -> Validator:
        return Validator(self.settings.verapdf)

    @cached_property
    def stamper(self) -> TimeStamper | None:
        """Who stamps the journal's blocks; None: nobody is set up."""
        return Rfc3161(self.settings.timestamp_url) if self.settings.timestamp_url else None

    @cached_property
    def page_pool(self) -> ThreadPoolExecutor:
        """One thread a core: the pages of all letters share them."""
        return ThreadPoolExecutor(self.settings.workers, thread_name_prefix="page")

    def open_index(self, *, writer: bool, renew: bool = False) -> SearchIndex:
        """The search engine; with ``renew`` also an outdated one, to rebuild it.

        Raises: IndexUnreachable (also ``index_foreign``).
        """
        settings = self.settings
        index = open_index(
            "elasticsearch" if settings.search == "elasticsearch" else "embedded",
            folder=settings.index,
            nodes=settings.elasticsearch,
            api_key=settings.elasticsearch_key,
            ca=settings.elasticsearch_ca,
            writer=writer,
            renew=renew,
            identity=self.identity or "",
        )
        try:
            index.mark()
        except IndexUnreachable:
            index.close()
            raise
        return index

    @cached_property
    def reader(self) -> SearchIndex:
        """The search engine for asking; kept open."""
        return self.open_index(writer=False)

    def work_folder(self, document_id: str) -> Path:
        """Where the results between the steps of a Document lie."""
        folder = self.settings.work / document_id
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def close(self) -> None:
        """Close what was opened; temporary files go again where they went before (a drill's home is deleted)."""
        opened = vars(self)
        if "page_pool" in opened:
            self.page_pool.shutdown(wait=True, cancel_futures=True)
        if "tesseract" in opened:
            self.tesseract.close()
        if "kept" in opened:
            self.kept.close()
        if "validator" in opened:
            self.validator.close()
        if "reader" in opened:
            self.reader.close()
        self.database.close()
        tempfile.tempdir = self._tempdir_before


@contextmanager
def open_house(settings: Settings) -> Iterator[House]:
    """Open a home for one command."""
    house = House(settings)
    try:
        yield house
    finally:
        house.close()


def make_home(home: Path) -> None:
    """Make the folders, the configuration and the database of a new home; what is there stays as it is, and the
    home is closed to other accounts.

    Raises: UsageError when ``home`` is a file or a folder of something else.
    """
    if home.exists() and not home.is_dir():
        raise UsageError("home_is_file", home=str(home))
    if home.is_dir() and any(home.iterdir()) and not (home / CONFIG).exists():
        raise UsageError("home_in_use", home=str(home))
    for name in FOLDERS:
        make_folders(home / name)
    for folder in (home, *(home / name for name in FOLDERS if name != "inbox")):  # who delivers, the admin decides
        if folder.stat().st_uid == os.geteuid():
            folder.chmod(0o700)
    if not (home / CONFIG).exists():
        shutil.copyfile(Path(__file__).parent / CONFIG, home / CONFIG)
