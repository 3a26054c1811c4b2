"""Every text for people stands in the catalogue, in German and English, with the same gaps."""

from __future__ import annotations

import ast
import builtins
import re
from pathlib import Path

import pytest

from core.i18n import LANGUAGES, keys

ROOT = Path(__file__).parent.parent.parent
ROOMS = ("core", "models", "ingest", "classify", "archive", "search", "jobs", "services", "commands", "web")
CALLS = {"text": 0, "say": 0, "table": 0, "t": 0}
BUILT_IN = {name for name in dir(builtins) if name.endswith("Error")}
ERRORS = re.compile(r"(Error|Problem|Missing|Failed|Full|Unreachable|Forbidden|NotFound)$")
GAP = re.compile(r"{(\w+)}")


def _used_keys() -> set[str]:
    used = set()
    for file in [ROOT / "cli.py", *(file for room in ROOMS for file in (ROOT / room).rglob("*.py"))]:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
                continue
            name, first = ast.unparse(node.func).split(".")[-1], node.args[0].value
            if not isinstance(first, str):
                continue
            if name in CALLS and re.fullmatch(r"[a-z_]+(\.[a-z_0-9]+)+", first):
                used.add(first)
            elif name == "LetterError":
                used.add(f"reason.{first}")
            elif name not in BUILT_IN and ERRORS.search(name) and re.fullmatch(r"[a-z_]+", first):
                used.add(f"error.{first}")
    return used


def test_no_key_is_missing() -> None:
    used = _used_keys()
    assert len(used) > 100
    missing = {(language, key) for language in LANGUAGES for key in used if key not in keys(language)}
    assert not missing


def test_the_languages_have_the_same_keys() -> None:
    assert keys("de").keys() == keys("en").keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_is_empty(language: str) -> None:
    assert not [key for key, sentence in keys(language).items() if not sentence.strip()]


def test_sentences_have_the_same_gaps() -> None:
    german, english = keys("de"), keys("en")
    assert not [key for key in german if set(GAP.findall(german[key])) != set(GAP.findall(english[key]))]


def test_words_of_closed_lists_are_translated() -> None:
    from models import DecidedBy, State, Step

    wanted = {f"state.{s}" for s in State} | {f"step.{s}" for s in Step} | {f"decided_by.{d}" for d in DecidedBy}
    assert wanted <= keys("de").keys()
