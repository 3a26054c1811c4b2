"""Provisional: one part."""

from __future__ import annotations

from dataclasses import dataclass

from ingest.pages import PageSource


@dataclass(frozen=True, slots=True)
class Part:
    pages: tuple[int, ...]
    separator_pages: tuple[int, ...] = ()
    warnings: tuple[str, ...] = ()


def find_parts(source: PageSource) -> tuple[Part, ...]:
    return (Part(tuple(range(1, source.count + 1))),)
