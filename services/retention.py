"""The retention clock: how long a closed EFile must be kept.

Rule: the period begins at the end of the calendar year in which the file was closed (z.d.A.) and runs for the years
of its file plan entry, so it always ends on a 31 December. It is the practice of German municipalities (KGSt, report
4/2006 "Aufbewahrungsfristen für Kommunalverwaltungen"; the same reckoning as § 147 (4) AO for tax papers).
"""

from __future__ import annotations

from datetime import date

from models import EFile


def retention_end(closed_on: date, years: int) -> date:
    """The last day of a retention of ``years`` (0 or more). Raises: ValueError for a negative number."""
    if years < 0:
        raise ValueError("years")
    return date(closed_on.year + years, 12, 31)


def kept_until(efile: EFile) -> date | None:
    """The last day on which the EFile must be there; none while it is open, or without a file plan entry.

    What the plan said at closing holds. A plan that was lengthened since holds for it too; one that was shortened
    does not, so that nobody can end a retention by loading another plan.
    """
    if efile.closed_on is None or efile.plan is None:
        return None
    by_plan = retention_end(efile.closed_on, efile.plan.retention_years)
    return max(by_plan, efile.retain_until or by_plan)


def is_due(efile: EFile, day: date) -> bool:
    """Whether its retention is over on ``day``. A hold is another question: it always wins."""
    last = kept_until(efile)
    return last is not None and day > last
