"""Texts for people: one gettext catalogue, ``de`` by default, ``en`` complete.

Message ids are keys such as ``reason.truncated``; the sentences stand in ``core/locale/*/aktenlotse.po``.
"""

from __future__ import annotations

import gettext
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path

import polib

LANGUAGES = ("de", "en")
LOCALE = Path(__file__).parent / "locale"
_spoken: ContextVar[str | None] = ContextVar("spoken", default=None)


@lru_cache(maxsize=len(LANGUAGES))
def _catalogue(language: str) -> gettext.GNUTranslations:
    entries = polib.pofile(str(LOCALE / language / "aktenlotse.po"))
    return gettext.GNUTranslations(io.BytesIO(entries.to_binary()))


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Everything said in this context (one request of the web, say) is said in ``language``."""
    before = _spoken.set(language)
    try:
        yield
    finally:
        _spoken.reset(before)


def default_language() -> str:
    """The language of this context, else of this process: ``AKTENLOTSE_LANG`` (de or en), else German."""
    spoken = _spoken.get()
    if spoken is not None:
        return spoken
    wanted = os.environ.get("AKTENLOTSE_LANG", "de")[:2]
    return wanted if wanted in LANGUAGES else "de"


def text(key: str, language: str | None = None, /, **details: object) -> str:
    """The sentence of ``key`` in ``language``, with its gaps filled; an unknown key is returned as it is."""
    sentence = _catalogue(language or default_language()).gettext(key)
    return sentence.format(**details) if details else sentence


def keys(language: str) -> dict[str, str]:
    """All keys of a language with their sentences (for the test that none is missing)."""
    entries = polib.pofile(str(LOCALE / language / "aktenlotse.po"))
    return {entry.msgid: entry.msgstr for entry in entries}
