"""Hits are marked where the word stands, also on pages that were scanned sideways or upside down."""

from __future__ import annotations

import pytest

from ingest.words import PageReading, Word
from models import PageStatus
from services.marking import mark, upright


def _page(*lines: str, orientation: int = 0) -> PageReading:
    """A page of 1000 x 2000 pixels; each line in a paragraph of its own, words 100 pixels wide."""
    paragraphs = []
    for row, line in enumerate(lines):
        words = [
            Word(word, (100 * place, 50 * row, 100 * place + 90, 50 * row + 40), 1.0)
            for place, word in enumerate(line.split())
        ]
        paragraphs.append((tuple(words),))
    return PageReading(1, 1000, 2000, 300.0, PageStatus.OK, orientation=orientation, paragraphs=tuple(paragraphs))


@pytest.mark.parametrize(
    ("orientation", "area"),
    [
        (0, (10.0, 10.0, 20.0, 5.0)),
        (90, (85.0, 10.0, 5.0, 20.0)),
        (180, (70.0, 85.0, 20.0, 5.0)),
        (270, (10.0, 70.0, 5.0, 20.0)),
    ],
)
def test_a_box_turns_with_its_page(orientation: int, area: tuple[float, ...]) -> None:
    assert upright((100, 200, 300, 300), 1000, 2000, orientation) == area


def test_text_and_picture_mark_the_same_words() -> None:
    page = _page("mein Hund heißt Trixi", "der zweite Hund auch")
    marks = mark("Hund", [page])[0]
    assert "".join(piece for piece, _ in marks.text) == page.text
    assert [piece for piece, hit in marks.text if hit] == ["Hund", "Hund"]
    assert [area[:2] for area in marks.areas] == [(10.0, 0.0), (20.0, 2.5)]


def test_a_phrase_marks_only_where_it_stands_whole() -> None:
    marks = mark('"zweite Hund"', [_page("der Hund", "der zweite Hund")])[0]
    assert [piece for piece, hit in marks.text if hit] == ["zweite Hund"]
    assert len(marks.areas) == 2


def test_each_page_has_its_own_marks() -> None:
    first, second = mark("Hund", [_page("die Katze"), _page("der Hund")])
    assert not first.areas and not any(hit for _, hit in first.text)
    assert len(second.areas) == 1


def test_words_that_are_only_alike_are_left_alone_where_the_word_itself_is_found() -> None:
    first, second = mark("Quellmalz", [_page("der Quellmolz da"), _page("der Quellmalz da")])
    assert not first.areas
    assert len(second.areas) == 1
    assert len(mark("Quellmalz", [_page("der Quellmolz da")], {"Quellmalz"})[0].areas) == 1


def test_a_page_without_picture_has_text_marks_only() -> None:
    page = PageReading(1, 0, 0, 72.0, PageStatus.OK, paragraphs=(((Word("Hund", (0, 0, 0, 0), 1.0),),),))
    marks = mark("Hund", [page])[0]
    assert marks.text == (("Hund", True),)
    assert marks.areas == ()
