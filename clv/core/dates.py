"""The as-of date of a run. It is determined only here; all other code takes it as an argument."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from clv.core.errors import ClvError


def parse_date(text: str, name: str = "date") -> date:
    """Parses a date written as YYYY-MM-DD. Raises ClvError for other text; `name` is what the error calls the value."""
    try:
        return date.fromisoformat(text)
    except (TypeError, ValueError):
        raise ClvError(f"{name} '{text}' is not a date; write it as YYYY-MM-DD, for example 2024-03-01") from None


def as_of_date(param: str | None, logical_date: datetime | None, run_after: datetime | None = None) -> date:
    """The as-of date of a run: the parameter `as_of_date` if it is given, else the day of the logical date (UTC).

    A run uses only orders strictly before this date.

    Raises ClvError if neither is given, as when a run is triggered in Airflow without a date. Also raises ClvError for
    a date after the run itself (`run_after`): the orders before that date are not complete yet, and the run would stay
    the latest published date until that day.
    """
    if param:
        day = parse_date(str(param), "as_of_date")
    elif logical_date is not None:
        day = logical_date.astimezone(UTC).date()
    else:
        raise ClvError("this run has neither an as_of_date nor a logical date; trigger it again with a logical date")
    if run_after is not None and day > run_after.astimezone(UTC).date():
        raise ClvError(f"as_of_date {day} is in the future; the latest possible date is the day of the run")
    return day


def today(zone: str = "UTC") -> date:
    """Today's date in a time zone. No other code reads the clock for a date. Commands use it; a task may use it only
    for warnings, and to tell which times of a fetched source lie in the future."""
    return now(zone).date()


def now(zone: str = "UTC") -> datetime:
    """The present time in a time zone. Alerts judge hours and ages by it, and exports
    count contacts by it; published rows never depend on it."""
    return datetime.now(ZoneInfo(zone))


def each_date(first: date, last: date, every: int = 1) -> Iterator[date]:
    """The dates from first to last, both included, in steps of `every` days."""
    day = first
    while day <= last:
        yield day
        day += timedelta(days=every)


def training_date(as_of: date) -> date:
    """The date for which a run's model is trained: the first day of the run's month.

    It depends on the date alone, so that backfills in any order use the same model.
    """
    return as_of.replace(day=1)


def latest_week(first: date, last: date) -> date:
    """The latest date, up to `last`, that is a whole number of weeks after `first`."""
    return first + timedelta(days=7 * ((last - first).days // 7))


def thinned_out(published: Collection[date], daily: int | None) -> set[date]:
    """Of these dates, those of which upkeep keeps no rows: they lie more than `daily` days before the newest one, and
    a later one of their month is among them. None of them if `daily` is None."""
    if daily is None or not published:
        return set()
    newest, last_of_month = max(published), {(day.year, day.month): day for day in sorted(published)}
    return {day for day in published if (newest - day).days > daily and day != last_of_month[day.year, day.month]}
