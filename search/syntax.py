"""The query language: words, "phrases", -not, OR, prefix*, field:value, brackets. Nothing typed is an error.

What does not fit the language is taken as words, and ``problems`` names the catalogue keys of the hints.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Literal

from search.days import Range, days
from search.german import fold, tokens
from search.numbers import Mark, amounts, dates

Kind = Literal["word", "phrase", "prefix", "days"]
LONGEST = 1000  # characters that are read
MOST = 48  # words that are searched
FIELDS = {
    alias: name
    for name, aliases in {
        "unit": "einheit amt organisationseinheit unit office",
        "sender": "absender von sender from",
        "subject": "betreff titel subject title",
        "body": "text inhalt body content",
        "reference": "az aktenzeichen gz geschaeftszeichen zeichen nummer nr reference ref number",
        "date": "datum vom date",
        "kind": "art dokumentart doctype kind type",
        "file": "akte vorgang file case efile",
        "state": "status zustand state",
        "source": "datei quelle source filename",
    }.items()
    for alias in aliases.split()
}
_DATE_WORDS = 7  # "von 1. Januar 2025 bis 31. Maerz 2025"


@dataclass(frozen=True, slots=True)
class Leaf:
    """One word, phrase, beginning or range of days; ``mark`` is the normal form of a date or an amount."""

    kind: Kind
    text: str
    field: str | None = None
    mark: str | None = None
    range: Range | None = None


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of a query that must be there, or (``negative``) must not."""

    node: Leaf | Group | Either
    negative: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """All clauses."""

    clauses: tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """One of the options."""

    options: tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class Wish:
    """A query, understood."""

    text: str
    group: Group
    problems: tuple[str, ...] = ()

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """All wanted leaves, in order."""
        return tuple(_leaves(self.group))

    @property
    def optional(self) -> bool:
        """Whether a document may be found without one of the leaves."""
        return any(not isinstance(clause.node, Leaf) for clause in self.group.clauses)


def _leaves(node: Leaf | Group | Either) -> list[Leaf]:
    if isinstance(node, Leaf):
        return [node]
    clauses = node.clauses if isinstance(node, Group) else node.options
    return [leaf for clause in clauses if not clause.negative for leaf in _leaves(clause.node)]


def parse(text: str, today: date) -> Wish:
    """Understand ``text``; never fails."""
    reader = _Reader(text[:LONGEST], today)
    if len(text) > LONGEST:
        reader.problems.append("search.hint.too_long")
    group = reader.group()
    return Wish(text, group, tuple(dict.fromkeys(reader.problems)))


_SPACE = re.compile(r"\s+")
_FIELD = re.compile(r"([^\W\d_]{2,20}):(?=\S|\s*\"|\s*$)")
_QUOTED = re.compile(r"[\"„“”»«]([^\"“”»«]*)[\"“”»«]")
_OPENING = '"„“”»«'
_CHUNK = re.compile(r"[^\s()\"„“”»«]+")
_OR = re.compile(r"(?:OR|ODER|\|\|?)(?=\s|$)")
_AND = re.compile(r"(?:AND|UND|&&)(?=\s|$)")
_NOT = re.compile(r"(?:NOT|NICHT)\s+(?=\S)|-(?=[^\s\-–)])(?!\S*-(?:\s|$))")  # "-Hund", but not "-Neubau-"
_SPACED_FIELD = re.compile(r"([^\W\d_]{2,20}): (?=\S)")


class _Reader:
    """A hand-written reader: one method for each thing of the language."""

    def __init__(self, text: str, today: date) -> None:
        self.text = text
        self.today = today
        self.place = 0
        self.depth = 0
        self.count = 0
        self.problems: list[str] = []
        spans = [*dates(text), *amounts(text)]
        self.spans: dict[int, Mark] = {span.start: span for span in reversed(spans)}

    def group(self) -> Group:
        """Clauses up to the end, or to the bracket that closes."""
        clauses: list[Clause] = []
        either = False
        while self._skip():
            if self.text[self.place] == ")":
                self.place += 1
                if self.depth:
                    return Group(tuple(clauses))
                self.problems.append("search.hint.brackets")
                continue
            if self._take(_OR):
                if clauses:
                    either = True
                else:
                    self.problems.append("search.hint.or")
                continue
            if self._take(_AND):
                continue
            clause = self._clause()
            if clause is None:
                continue
            if either and not clause.negative and not clauses[-1].negative:
                before = clauses.pop()
                options = before.node.options if isinstance(before.node, Either) else (before,)
                clause = Clause(Either((*options, clause)))
            either = False
            clauses.append(clause)
        if either:
            self.problems.append("search.hint.or")
        if self.depth:
            self.problems.append("search.hint.brackets")
        return Group(tuple(clauses))

    def _skip(self) -> bool:
        found = _SPACE.match(self.text, self.place)
        if found:
            self.place = found.end()
        return self.place < len(self.text)

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self.text, self.place)
        if found:
            self.place = found.end()
        return found

    def _clause(self) -> Clause | None:
        negative = self._take(_NOT) is not None
        if self.text[self.place] == "(":
            return self._bracket(negative)
        field = self._field()
        if field == "date":
            leaf = self._days()
            return Clause(leaf, negative) if leaf else None
        leaf = self._leaf(field) if field else self._unknown_field() or self._leaf(None)
        if leaf is None:
            return None
        self.count += 1
        if self.count > MOST:
            self.problems.append("search.hint.too_long")
            return None
        return Clause(leaf, negative)

    def _bracket(self, negative: bool) -> Clause | None:
        self.place += 1
        if self.depth > 8:
            self.problems.append("search.hint.brackets")
            return None
        self.depth += 1
        inner = self.group()
        self.depth -= 1
        return Clause(inner, negative) if inner.clauses else None

    def _field(self) -> str | None:
        found = _FIELD.match(self.text, self.place) or _SPACED_FIELD.match(self.text, self.place)
        if found is None:
            return None
        name = FIELDS.get(fold(found[1]))
        if name is None:
            return None
        if found.re is _SPACED_FIELD and found[1][0].isupper():
            return None  # "Betreff: ..." copied from a letter are words
        self.place = found.end()
        self._skip()
        return name

    def _unknown_field(self) -> Leaf | None:
        """``colour:`` is the word ``colour``; what follows is read on its own. A web address is no field."""
        found = _FIELD.match(self.text, self.place)
        if found is None or fold(found[1]) in FIELDS or self.text.startswith("//", found.end()):
            return None
        self.problems.append("search.hint.unknown_field")
        self.place = found.end()
        return Leaf("word", found[1])

    def _leaf(self, field: str | None) -> Leaf | None:
        if self.place >= len(self.text):
            self.problems.append("search.hint.empty_field")
            return None
        if self.text[self.place] in _OPENING:
            quoted = self._take(_QUOTED)
            if quoted:
                return self._phrase(quoted[1], field)
            self.problems.append("search.hint.quotes")
            self.place += 1
            return None
        span = self.spans.get(self.place)
        if span is not None:
            self.place = span.end
            return Leaf("word", self.text[span.start : span.end], field, mark=span.term)
        chunk = self._take(_CHUNK)
        if chunk is None:  # a bracket in the midst
            self.place += 1
            return None
        return self._word(chunk[0], field)

    @staticmethod
    def _phrase(text: str, field: str | None) -> Leaf | None:
        return Leaf("phrase", text, field) if next(tokens(text), None) else None

    def _word(self, chunk: str, field: str | None) -> Leaf | None:
        if next(tokens(chunk), None) is None:
            if chunk in "*?":
                self.problems.append("search.hint.star")
            return None
        if chunk.endswith("*") and not chunk.endswith("**"):
            return Leaf("prefix", chunk[:-1], field)
        if "*" in chunk or "?" in chunk[:-1]:
            self.problems.append("search.hint.star")
        return Leaf("word", chunk.strip(".,;:!?*"), field)

    def _days(self) -> Leaf | None:
        """A range of days: quoted, or the longest row of words that means one."""
        quoted = self._take(_QUOTED) if self.place < len(self.text) else None
        if quoted:
            meant = days(quoted[1], self.today)
            if meant is None:
                self.problems.append("search.hint.date")
                return self._phrase(quoted[1], None)
            return Leaf("days", quoted[1], "date", range=meant)
        ends = [found.end() for found in re.finditer(r"[^\s()\"]+", self.text[self.place :])][:_DATE_WORDS]
        for end in reversed(ends):
            words = self.text[self.place : self.place + end]
            meant = days(words.rstrip(",;"), self.today)
            if meant is not None:
                self.place += end
                return Leaf("days", words, "date", range=meant)
        self.problems.append("search.hint.date")
        return None
