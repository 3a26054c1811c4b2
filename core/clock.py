"""Time: moments are UTC, days are those of the town."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

TOWN = ZoneInfo("Europe/Berlin")


def now() -> datetime:
    """This moment, UTC, with its zone, in whole milliseconds (so that a stamp says all of it)."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def today() -> date:
    """The day in the town, which counts for receipt."""
    return datetime.now(TOWN).date()


def stamp(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds and ``Z``, as it stands in journal and metadata."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
