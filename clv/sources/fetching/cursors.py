"""Values of cursor columns: whole numbers, and times or dates as text. They order the rows of a source by their last
change."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from clv.core.errors import ClvError

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
MILLISECONDS = 10**11  # whole numbers from here on are no seconds: as such, they would lie after the year 5000
DURATION = re.compile(r"(\d+)\s*([smhd])")
Order = tuple[int, int | datetime | str]


def duration(text: str) -> timedelta:
    """Returns the duration that a text such as `90m` or `30d` states. Raises ValueError for other texts."""
    if not (found := DURATION.fullmatch(text.strip())):
        raise ValueError(text)
    return timedelta(**{UNITS[found[2]]: int(found[1])})


def as_text(value: object) -> str:
    """Returns the text of a cursor's value, with times in ISO 8601."""
    if isinstance(value, datetime):
        return (value.astimezone(UTC) if value.tzinfo else value).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal) and value == int(value):
        return str(int(value))
    return str(value)


def order(text: str) -> Order:
    """Returns what a cursor's values are compared by: a number, a time, or else the text."""
    if is_whole(text):
        return 0, int(text)
    if moment := _moment(text):
        return (1, moment) if moment.tzinfo else (2, moment)
    return 3, text


def is_after(text: str, other: str) -> bool:
    """Returns whether a value lies after another one. Raises ClvError if they cannot be compared."""
    one, two = order(text), order(other)
    if one[0] != two[0]:
        raise ClvError(
            f"the cursor column has values of different types, such as '{text}' and '{other}'; name another column"
        )
    return one[1] > two[1]  # type: ignore[operator]


def reaches(text: str, other: str) -> bool:
    """Returns whether a value is another one or lies after it; false for values of another cursor column, which are of
    another type."""
    one, two = order(text), order(other)
    return one[0] == two[0] and one[1] >= two[1]  # type: ignore[operator]


def latest(text: str | None, other: str | None) -> str | None:
    """Returns the later of two values, either of which may be missing."""
    if text is None or other is None:
        return other if text is None else text
    return other if is_after(other, text) else text


def is_ahead(text: str, today: date) -> bool:
    """Returns whether a time lies after the day that follows today, in any time zone; false for numbers and texts."""
    moment = None if is_whole(text) else _moment(text)
    return moment is not None and moment.date() > today + timedelta(days=1)


def moved(text: str, by: timedelta | int) -> str:
    """Returns a value moved by a duration or, if it is a whole number, by a count. Whole numbers move by the seconds of
    a duration. The text keeps its style: separator, decimals and zone.

    Raises ClvError for values that are neither whole numbers nor times, and for milliseconds with a duration.
    """
    if not by:
        return text
    if is_whole(text):
        if isinstance(by, timedelta) and int(text) > MILLISECONDS:
            raise ClvError(
                f"the cursor column has {text}, which is no time in seconds; write `overlap` as a count, such as "
                "3600000 for an hour in milliseconds, and leave out `window`"
            )
        return str(max(0, int(text) + int(by.total_seconds() if isinstance(by, timedelta) else by)))
    moment = _moment(text)
    if not moment or isinstance(by, int):
        raise ClvError(
            f"the cursor column has '{text}', which is no {'time' if isinstance(by, timedelta) else 'whole number'}; "
            "correct `overlap` of the cursor"
        )
    if len(text) == len("2024-06-01"):  # a date; a part of a day counts as a day
        return (moment.date() + timedelta(days=by // timedelta(days=1))).isoformat()
    written = (moment + by).isoformat(text[10], "microseconds" if "." in text else "seconds")
    return written.replace("+00:00", "Z") if text.endswith("Z") else written


def written(text: str, style: str) -> str | int:
    """Returns a value as a service expects it. style: `iso` (as the service wrote it), `epoch` (seconds), or a format
    such as `%Y-%m-%dT%H:%M:%S`, for times in UTC. Fractions of seconds are cut off, so a value never becomes later."""
    if is_whole(text):
        return int(text)
    moment = _moment(text)
    if style == "iso" or moment is None:
        return text
    in_utc = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    return int(in_utc.timestamp()) if style == "epoch" else in_utc.strftime(style)


def is_whole(text: str) -> bool:
    """Returns whether a value is a whole number."""
    return text.isascii() and text.isdigit()


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
