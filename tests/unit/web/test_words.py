"""Pages say everything in words of the catalogue, carry no scripts or inline styles, and guard every form."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from starlette.requests import Request

from core.i18n import LANGUAGES, keys, speaking
from ingest.letter.doctype import DOCTYPES
from models import LabelKind, PageStatus
from web import wording
from web.login_pages import _local
from web.notices import notice_of

TEMPLATES = Path(wording.__file__).parent / "templates"
FILES = sorted(TEMPLATES.glob("*.html"))
KEY = re.compile(r"""\bt\(\s*["']([^"']+)["'](\s*~)?""")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_key_of_a_page_is_in_the_catalogue(file: Path) -> None:
    known = keys("de")
    for key, goes_on in KEY.findall(file.read_text("utf-8")):
        assert any(one.startswith(key) for one in known) if goes_on else key in known, key


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_page_has_scripts_or_inline_styles(file: Path) -> None:
    page = file.read_text("utf-8")
    if file.name == "search.html":
        page = page.replace("<script>{{ script }}</script>", "", 1)  # the one of our own, named by its hash
    assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=|javascript:", page)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_form_that_changes_something_carries_the_token(file: Path) -> None:
    for form in re.findall(r'<form method="post".*?</form>', file.read_text("utf-8"), re.DOTALL):
        assert "token()" in form or 'name="form_token"' in form


@pytest.mark.parametrize("language", LANGUAGES)
def test_codes_become_sentences(language: str) -> None:
    known = keys(language)
    assert not [name for name in DOCTYPES if f"web.doctype.{name}" not in known]
    assert not [kind for kind in LabelKind if f"web.why.{kind}" not in known]
    assert not [one for one in PageStatus if one != PageStatus.OK and f"web.page.{one}" not in known]
    with speaking(language):
        for code in ("reference_disputed", "no_such_code"):
            assert not wording.why({"code": code, "unit": "22 Steueramt"}).startswith("web.")
        assert "no_such_code" in wording.warning("no_such_code")
        assert len({wording.sure(one) for one in (0.99, 0.9, 0.6, 0.3, 0.0)}) == 5


def test_a_warning_of_the_archive_or_the_reading_has_its_own_sentence() -> None:
    root = TEMPLATES.parent.parent
    found: set[str] = set()
    for file in [*(root / "archive").glob("*.py"), *(root / "ingest").rglob("*.py"), *(root / "services").glob("*.py")]:
        found |= set(re.findall(r'warnings\.add\(\s*"([a-z_0-9]+)"', file.read_text("utf-8")))
    assert len(found) > 10
    assert not {code for code in found if f"web.warning.{code}" not in keys("de")}


def test_days_are_written_as_people_write_them() -> None:
    with speaking("de"):
        assert wording.day("2026-11-05") == "05.11.2026"
        assert wording.moment("2026-11-05T23:30:00.000Z") == "06.11.2026, 00:30 Uhr"  # the town's clock
        assert wording.day(None) == "–"
    with speaking("en"):
        assert wording.day("2026-11-05") == "2026-11-05"


def test_the_shortlist_keeps_two_and_drops_what_is_hopeless() -> None:
    candidates = [{"unit": unit, "confidence": c} for unit, c in (("1", 0.9), ("2", 0.001), ("3", 0.001), (None, 0.5))]
    assert [one["unit"] for one in wording.shortlist(candidates)] == ["1", "2"]


@pytest.mark.parametrize("after", ["//evil.example", "https://evil.example", "/\\evil.example", "", "x", "/a\nb"])
def test_signing_in_leads_to_our_own_pages_only(after: str) -> None:
    assert _local(after) == "/suche"


@pytest.mark.parametrize("query", ["ok=done&no=<b>", "ok=routed&no=2026-000001&to=99", "ok=x&no=2026-000001", ""])
def test_an_address_cannot_put_words_into_our_mouth(query: str) -> None:
    request = Request({"type": "http", "query_string": query.encode(), "headers": []})
    assert notice_of(request, {"22": "Steueramt"}) is None
