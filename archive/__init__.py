"""The archive's front door: the store, the PDF/A ladder, the journal's files, fixity and proof.

It opens at the first name that is asked for: the child that seals (``archive.apart``) needs no journal.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from archive.everything import *  # noqa: F403


def __getattr__(name: str) -> Any:
    if name.startswith("_") or find_spec(f"archive.{name}") is not None:
        raise AttributeError(name)  # a module of the room: whoever imports it looks here first
    everything = import_module("archive.everything")
    globals().update({known: getattr(everything, known) for known in everything.__all__})
    if name not in everything.__all__:
        raise AttributeError(f"module 'archive' has no attribute {name!r}")
    return globals()[name]
