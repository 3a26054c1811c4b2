"""Small helpers for PDF objects."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import pikepdf
from pikepdf import Array, Dictionary, Object

MALFORMED: tuple[type[Exception], ...] = (  # what pikepdf and Python say of files that are not what they should be
    pikepdf.PikepdfError, ValueError, TypeError, KeyError, AttributeError, IndexError, RuntimeError, ArithmeticError,
    struct.error,
)  # fmt: skip


def copied(value: object) -> Dictionary:
    """A dictionary of its own with the same entries; an empty one when ``value`` is none."""
    return Dictionary(dict(value.items())) if isinstance(value, Dictionary) else Dictionary()


def dictionaries(pdf: pikepdf.Pdf) -> Iterator[Object]:
    """Every indirect dictionary and stream of a file."""
    for item in pdf.objects:
        if isinstance(item, (Dictionary, pikepdf.Stream)):
            yield item


def filters(item: Object) -> list[str]:
    """The names of a stream's filters."""
    given = item.get("/Filter")
    if isinstance(given, Array):
        return [str(name) for name in given]
    return [] if given is None else [str(given)]
