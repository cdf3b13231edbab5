"""The date of a run. `as_of_date` is determined here and nowhere else; all other code is given it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from clv.core.errors import ClvError


def parse_date(text: str, name: str = "date") -> date:
    """A date from ISO text (YYYY-MM-DD). Raises ClvError, with `name`, for other text."""
    try:
        return date.fromisoformat(text)
    except (TypeError, ValueError):
        raise ClvError(f"{name} '{text}' is not a date; write it as YYYY-MM-DD, for example 2024-03-01") from None


def as_of_date(param: str | None, logical_date: datetime | None, run_after: datetime | None = None) -> date:
    """The date a run is for: the `as_of_date` it was started with, else the day of the logical date (UTC).

    A run covers everything strictly before its as_of_date. Raises ClvError when neither is given, which happens when a
    run is triggered without a date. Raises it too for a date after the run itself (`run_after`), since the orders
    before that date are not complete yet, and the run would be the latest published date for years.
    """
    if param:
        day = parse_date(str(param), "as_of_date")
    elif logical_date is not None:
        day = logical_date.astimezone(UTC).date()
    else:
        raise ClvError("this run has neither an as_of_date nor a logical date; trigger it again with a logical date")
    if run_after is not None and day > run_after.astimezone(UTC).date():
        raise ClvError(f"as_of_date {day} is in the future; the last day that can be made is the run's own")
    return day


def today(zone: str = "UTC") -> date:
    """Today in a time zone. No other code reads the clock for a date. For the command line; a task may use it only for
    warnings."""
    return datetime.now(ZoneInfo(zone)).date()


def each_date(first: date, last: date, every: int = 1) -> Iterator[date]:
    """Dates from first to last, both included, `every` days apart."""
    day = first
    while day <= last:
        yield day
        day += timedelta(days=every)


def training_date(as_of: date) -> date:
    """The date a run's model is trained for: the first of the run's month.

    It depends on the date alone, so that backfills in any order use the same model.
    """
    return as_of.replace(day=1)


def latest_week(first: date, last: date) -> date:
    """The latest date not after `last` that is a whole number of weeks after `first`."""
    return first + timedelta(days=7 * ((last - first).days // 7))
