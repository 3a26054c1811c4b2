"""German stems (Snowball), for the two rooms that need them; safe for threads."""

from __future__ import annotations

import threading
from functools import lru_cache

import snowballstemmer

CACHE = 200_000
_stemmers = threading.local()  # a stemmer holds the word that it works on: one a thread


@lru_cache(maxsize=CACHE)
def stem(word: str) -> str:
    """The stem of a word, by PyStemmer where installed (the same stems, faster)."""
    try:
        stemmer = _stemmers.german
    except AttributeError:
        stemmer = _stemmers.german = snowballstemmer.stemmer("german")
    return str(stemmer.stemWord(word))
