"""Lines that the program tore apart at spaces above each other are whole again; columns stay columns."""

from __future__ import annotations

from ingest.torn import mended
from ingest.words import Line, Word

EM = 20


def line(text: str, x: int, y: int, space: int = EM) -> Line:
    """Words of a typewriter: ``EM`` pixels a letter."""
    words = []
    for word in text.split():
        words.append(Word(word, (x, y, x + EM * len(word), y + 24), 0.9))
        x += EM * len(word) + space
    return tuple(words)


def end(of: Line) -> int:
    return of[-1].box[2]


def texts(paragraphs: list[list[Line]]) -> list[list[str]]:
    return [[" ".join(word.text for word in words) for words in lines] for lines in paragraphs]


def words_in(paragraphs: list[list[Line]]) -> list[str]:
    return sorted(word.text for lines in paragraphs for words in lines for word in words)


def test_a_line_torn_at_a_space_is_whole_again() -> None:
    upper, lower = line("fiel am Dienstag", 40, 100), line("stimmt die Größe", 40, 140)
    beside = end(upper) + EM
    torn = [[upper, lower], [line("auf dass mein", beside, 100), line("nicht mehr ganz", beside, 142)]]
    assert texts(mended(torn)) == [["fiel am Dienstag auf dass mein", "stimmt die Größe nicht mehr ganz"]]


def test_columns_with_a_gutter_wider_than_their_spaces_stay_apart() -> None:
    upper, lower = line("fiel am Dienstag", 40, 100), line("stimmt die Größe", 40, 140)
    beside = end(upper) + 2 * EM
    columns = [[upper, lower], [line("auf dass mein", beside, 100), line("nicht mehr ganz", beside, 140)]]
    assert texts(mended(columns)) == texts(columns)


def test_what_stands_on_another_height_is_another_line() -> None:
    upper = line("fiel am Dienstag", 40, 100)
    apart = [[upper], [line("auf dass mein", end(upper) + EM, 118)]]
    assert texts(mended(apart)) == texts(apart)


def test_a_line_torn_twice_is_whole_again() -> None:
    first = line("fiel am Dienstag", 40, 100)
    second = line("auf dass mein", end(first) + EM, 100)
    third = line("zweiter Name fehlt", end(second) + EM, 100)
    assert texts(mended([[third], [first], [second]])) == [[" ".join(texts([[first, second, third]])[0])]]


def test_no_word_is_lost_or_doubled() -> None:
    first = line("fiel am Dienstag", 40, 100)
    beside = end(first) + EM
    crowd = [[first], [line("auf dass mein", beside, 100)], [line("auf das mein", beside, 103)]]
    assert words_in(mended(crowd)) == words_in(crowd)
