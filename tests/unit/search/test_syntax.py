"""The query language, read."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from search.nearness import allowed_edits, edits, nearest, slips
from search.planner import strict
from search.syntax import Either, Leaf, parse

TODAY = date(2025, 11, 26)


def leaves(text: str) -> list[tuple[str, str, str | None]]:
    return [(leaf.kind, leaf.text, leaf.field) for leaf in parse(text, TODAY).leaves]


def test_kinds_and_fields() -> None:
    assert leaves('Hund "zwei Worte" Steu* betreff:Lärm az:22.3 -nein') == [
        ("word", "Hund", None),
        ("phrase", "zwei Worte", None),
        ("prefix", "Steu", None),
        ("word", "Lärm", "subject"),
        ("word", "22.3", "reference"),
    ]


def test_german_quotes() -> None:
    assert leaves("„zwei Worte“") == [("phrase", "zwei Worte", None)]


def test_or_binds_neighbours() -> None:
    wish = parse("a1 b2 OR c3 OR d4 e5", TODAY)
    assert isinstance(wish.group.clauses[1].node, Either)
    assert len(wish.group.clauses) == 3
    assert not wish.problems


def test_date_takes_the_longest_row_of_words() -> None:
    wish = parse("datum:1. Januar 2025 bis 31. März 2025 Hund", TODAY)
    assert [leaf.kind for leaf in wish.leaves] == ["days", "word"]
    assert wish.leaves[0].range == (date(2025, 1, 1), date(2025, 3, 31))


def test_dates_and_amounts_are_one_word() -> None:
    assert [leaf.mark for leaf in parse("12. März 2025 1.234,50 €", TODAY).leaves] == ["d20250312", "n1234.50"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('"offen', "quotes"),
        ("(offen", "brackets"),
        ("zu)", "brackets"),
        ("OR a", "or"),
        ("a OR", "or"),
        ("farbe:rot", "unknown_field"),
        ("datum:nie", "date"),
        ("Hu*nd", "star"),
        ("betreff:", "empty_field"),
        ("x" * 2000, "too_long"),
    ],
)
def test_problems_are_named(text: str, problem: str) -> None:
    assert f"search.hint.{problem}" in parse(text, TODAY).problems


def test_copied_label_is_no_field() -> None:
    assert ("word", "Betreff", None) in leaves("Betreff: Hund") or leaves("Betreff: Hund")[-1] == ("word", "Hund", None)


@settings(deadline=None)
@given(some.text(alphabet=some.sampled_from('ab12 -"()*:.,OR|„“äß\n?'), max_size=60))
def test_whatever_is_typed_becomes_a_plan(text: str) -> None:
    assert strict(parse(text, TODAY)) == strict(parse(text, TODAY))


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [("haus", "haus", 0), ("haus", "hasu", 1), ("haus", "maus", 1), ("haus", "hauses", 2), ("haus", "garten", 3)],
)
def test_edits(one: str, other: str, apart: int) -> None:
    assert edits(one, other, 2) == apart


def test_slips_and_nearest() -> None:
    assert "rechmung" not in slips("rechnung")
    assert "stem" in slips("stern")
    assert nearest("stern", ["stem", "haus", "sterne"], 1) == [(1, "stem"), (1, "sterne")]
    assert [allowed_edits(word) for word in ("abc", "abcd", "abcdefgh", "4711")] == [0, 1, 2, 0]


def test_leaf_is_a_value() -> None:
    assert Leaf("word", "a") == Leaf("word", "a")
