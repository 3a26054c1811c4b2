"""The language of a page is told by its commonest words, among the configured ones only."""

from __future__ import annotations

import pytest

from ingest.language import language_of

GERMAN = "Sehr geehrte Damen und Herren, wir bitten Sie um die Zusendung der Unterlagen für das Bauvorhaben."
ENGLISH = "Dear Sir or Madam, please send the documents for our building to the address that you have."


@pytest.mark.parametrize(
    ("text", "configured", "language"),
    [
        (GERMAN, "deu+eng", "deu"),
        (ENGLISH, "deu+eng", "eng"),
        (ENGLISH, "deu", "deu"),
        ("Wir haben daſs und ſie mit der Poſt", "frk+eng", "frk"),
        ("12.03.2025 4711", "deu+eng", None),
    ],
)
def test_the_language_is_told(text: str, configured: str, language: str | None) -> None:
    assert language_of(text, configured) == language
