"""hOCR that we wrote reads back as it was, whatever stands on the page."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ingest import hocr
from ingest.words import PageReading, Word, running_direction
from models import PageStatus

boxes = st.tuples(*[st.integers(0, 5000)] * 4)
texts = st.text(st.characters(blacklist_categories=["Cs", "Cc", "Zs", "Zl", "Zp", "Cn", "Co"]), min_size=1, max_size=12)
words = st.builds(Word, texts, boxes, st.integers(0, 100).map(lambda percent: percent / 100))
paragraphs = st.lists(
    st.lists(st.lists(words, min_size=1, max_size=4).map(tuple), min_size=1, max_size=3).map(tuple), max_size=3
).map(tuple)


@given(paragraphs, st.sampled_from([0, 90, 180, 270]), st.sampled_from([None, "deu", "eng"]))
def test_what_is_written_reads_back(
    found: tuple[tuple[tuple[Word, ...], ...], ...], turn: int, code: str | None
) -> None:
    page = PageReading(
        3, 2480, 3508, 300.0, PageStatus.OK, orientation=turn, skew=-1.25, language=code, paragraphs=found
    )
    (back,) = hocr.read(hocr.write([page]))
    assert (back.number, back.width, back.height, back.orientation, back.skew) == (3, 2480, 3508, turn, -1.25)
    assert back.language == code
    assert back.paragraphs == page.paragraphs


def _line(start: tuple[int, int], step: tuple[int, int]) -> tuple[Word, ...]:
    places = [(start[0] + number * step[0], start[1] + number * step[1]) for number in range(4)]
    return tuple(Word("Wort", (x, y, x + 10, y + 10), 1.0) for x, y in places)


def test_the_direction_of_lines_tells_how_a_page_lies() -> None:
    assert running_direction((_line((100, 100), (50, 0)),)) == 0
    assert running_direction((_line((900, 100), (-50, 0)),)) == 180
    assert running_direction((_line((100, 100), (0, 50)),)) == 270
    assert running_direction((_line((100, 900), (0, -50)),)) == 90
    assert running_direction(()) is None
