"""Settings are read once, frozen, and handed in: ``config.toml`` of the home, overridden by the environment."""

from __future__ import annotations

import os
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from core.errors import HomeMissing, UsageError

PREFIX = "AKTENLOTSE_"
CHOICES = {"retrain": ("never", "daily", "weekly", "monthly"), "patch_sheets": ("ours", "any")}
CONFIG = "config.toml"
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of one home; ``docs/settings.md`` explains each."""

    home: Path
    database: str = ""  # SQLAlchemy URL; "" is SQLite in the home
    jobs: str = ""  # URL of the job database; "" is SQLite in the home
    search: str = "embedded"  # embedded | elasticsearch
    elasticsearch: str = "http://127.0.0.1:9200"  # comma separated nodes
    elasticsearch_key: str = ""  # API key
    elasticsearch_ca: str = ""  # file with the certificate authority
    languages: str = "deu"  # Tesseract's codes, joined by +
    cores: int = 0  # pages read at once; 0: as many as the machine has
    page_seconds: int = 120  # limit of one Tesseract run
    inbox_folder: str = ""  # where scanners deliver, when not in the home (which is closed to other accounts)
    patch_sheets: str = "ours"  # ours | any: whether patch codes on sheets that nobody here printed part documents
    page_memory_mb: int = 1000
    file_mb: int = 1000  # of a delivered file
    file_pages: int = 5000  # of a delivered file
    page_points: int = 14_400  # longest side of a page, 1/72 inch
    page_pixels: int = 400_000_000  # of one page's picture
    embedded_files: int = 100  # in a PDF
    embedded_mb: int = 200  # of all files in a PDF
    nesting: int = 30  # of forms in forms
    look_seconds: int = 60  # limit of the look into a file, and of taking one page out of it
    child_memory_mb: int = 900  # limit of a process that opens a delivered file
    retrain: str = "weekly"  # never | daily | weekly | monthly: the router learns anew by itself
    budget: float = 0.02  # error budget of the routing without a person
    quiet_seconds: float = 2.0  # a file in the inbox is complete when it was quiet so long
    incomplete_seconds: float = 60.0  # a file without the end that its format asks for is waited for so long
    scan_seconds: float = 5.0  # reconcile scan of the inbox
    discard_by_two: bool = True  # a file leaves the quarantine list by two persons
    verapdf: Path = Path(sys.prefix) / "share" / "aktenlotse" / "verapdf"
    archive_copy: str = ""  # folder on another disk that gets a second copy of archive and journal; "": none
    timestamp_url: str = ""  # of a time stamping authority (RFC 3161); "": none
    timestamp_ca: str = ""  # file (PEM) with the certificates under which its stamps are believed
    municipality: str = ""
    log_level: str = "INFO"

    @property
    def inbox(self) -> Path:
        return Path(self.inbox_folder).absolute() if self.inbox_folder else self.home / "inbox"

    @property
    def done(self) -> Path:
        return self.home / "done"

    @property
    def quarantine(self) -> Path:
        return self.home / "quarantine"

    @property
    def archive(self) -> Path:
        return self.home / "archive"

    @property
    def staging(self) -> Path:
        """Where archive objects are built before their one rename (same file system as the archive)."""
        return self.home / "staging"

    @property
    def journal(self) -> Path:
        return self.home / "journal"

    @property
    def work(self) -> Path:
        """Results between the steps of a letter; may be deleted, they are made again."""
        return self.home / "work"

    @property
    def index(self) -> Path:
        return self.home / "index"

    @property
    def routing_models(self) -> Path:
        return self.home / "routing-models"

    @property
    def keys(self) -> Path:
        return self.home / "keys"

    @property
    def database_url(self) -> str:
        return self.database or f"sqlite:///{self.home / 'aktenlotse.db'}"

    @property
    def jobs_url(self) -> str:
        return self.jobs or f"sqlite:///{self.home / 'jobs.db'}"

    @property
    def workers(self) -> int:
        return self.cores or len(os.sched_getaffinity(0))

    @classmethod
    def load(cls, home: Path, environment: Mapping[str, str]) -> Settings:
        """Read ``home/config.toml``. Raises: HomeMissing, UsageError (unknown or ill-typed setting)."""
        file = home / CONFIG
        if not file.is_file():
            raise HomeMissing(home=str(home))
        try:
            values: dict[str, object] = tomllib.loads(file.read_text("utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise UsageError("bad_config", file=str(file), why=str(error)) from error
        known = {field.name: field for field in fields(cls) if field.name != "home"}
        for name in known:
            if PREFIX + name.upper() in environment:
                values[name] = environment[PREFIX + name.upper()]
        return cls(home=home.resolve(), **_typed(values, known, file))  # type: ignore[arg-type]


def _typed(values: Mapping[str, object], known: Mapping[str, object], file: Path) -> dict[str, object]:
    typed: dict[str, object] = {}
    for name, value in values.items():
        if name not in known:
            raise UsageError("unknown_setting", file=str(file), name=name)
        wanted = type(getattr(known[name], "default", ""))
        kind = Path if issubclass(wanted, Path) else wanted
        try:
            typed[name] = _BOOLEANS[str(value).lower()] if kind is bool else kind(value)  # type: ignore[call-arg]
        except (TypeError, ValueError, KeyError) as error:
            raise UsageError("bad_setting", file=str(file), name=name, value=value) from error
        if name in CHOICES and typed[name] not in CHOICES[name]:
            raise UsageError("bad_setting", file=str(file), name=name, value=value)
    return typed
