"""The retention clock: it always ends on a 31 December, is never shortened, and leap days do not disturb it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from models import EFile, FilePlanEntry
from services.retention import is_due, kept_until, retention_end


def _efile(closed_on: date | None, years: int | None, *, until: date | None = None) -> EFile:
    plan = None if years is None else FilePlanEntry(code="1", title="", retention_years=years, disposal="destroy")
    return EFile(id="e", closed_on=closed_on, plan=plan, retain_until=until)


@pytest.mark.parametrize(
    ("closed_on", "years", "end"),
    [
        (date(2024, 2, 29), 1, date(2025, 12, 31)),
        (date(2024, 2, 29), 4, date(2028, 12, 31)),
        (date(2023, 12, 31), 10, date(2033, 12, 31)),
        (date(2024, 1, 1), 10, date(2034, 12, 31)),
        (date(2024, 6, 1), 0, date(2024, 12, 31)),
    ],
)
def test_the_retention_ends_with_a_calendar_year(closed_on: date, years: int, end: date) -> None:
    assert retention_end(closed_on, years) == end


def test_every_day_of_a_year_ends_alike_and_full_years_are_kept() -> None:
    for year in (2023, 2024):  # a leap year among them
        for years in (0, 1, 5, 30, 80):
            day = date(year, 1, 1)
            while day.year == year:
                end = retention_end(day, years)
                assert (end.year, end.month, end.day) == (year + years, 12, 31)
                assert end >= day
                day += timedelta(days=1)


def test_no_retention_is_negative() -> None:
    with pytest.raises(ValueError, match="years"):
        retention_end(date(2024, 1, 1), -1)


def test_it_is_due_on_new_years_day_and_no_day_earlier() -> None:
    efile = _efile(date(2010, 5, 1), 10)
    assert not is_due(efile, date(2020, 12, 31))
    assert is_due(efile, date(2021, 1, 1))


@pytest.mark.parametrize("efile", [_efile(None, 10), _efile(date(1950, 1, 1), None)])
def test_an_open_file_and_one_without_a_plan_are_never_due(efile: EFile) -> None:
    assert kept_until(efile) is None
    assert not is_due(efile, date(2999, 1, 1))


def test_a_shortened_plan_never_shortens_what_was_promised_at_closing_a_lengthened_one_counts() -> None:
    promised = date(2020, 12, 31)
    assert kept_until(_efile(date(2010, 5, 1), 0, until=promised)) == promised
    assert kept_until(_efile(date(2010, 5, 1), 30, until=promised)) == date(2040, 12, 31)
