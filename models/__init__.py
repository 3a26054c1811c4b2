"""The domain and its persistence: the words, the tables, the database, the journal's chain, rights.

They are loaded at the first name that is asked for: a child that opens a stranger's file (``core/kept.py``) needs the
words (``models.words``) and no database, and starts in half the time without its libraries.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from models.everything import *  # noqa: F403


def __getattr__(name: str) -> Any:
    if name.startswith("_") or find_spec(f"models.{name}") is not None:
        raise AttributeError(name)  # a module of the room: whoever imports it looks here first
    everything = import_module("models.everything")
    globals().update({known: getattr(everything, known) for known in everything.__all__})
    if name not in everything.__all__:
        raise AttributeError(f"module 'models' has no attribute {name!r}")
    return globals()[name]
