"""Tells from texts that are times the formats, as of strptime, in which they are written."""

from __future__ import annotations

import re

# Common ways to write dates and times of day, with the format that reads each. EITHER_WAY matches dates in which day
# and month may be swapped.
DATES = {
    r"\d{1,2}\.\d{1,2}\.\d{4}": "%d.%m.%Y", r"\d{1,2}\.\d{1,2}\.\d{2}": "%d.%m.%y", r"\d{8}": "%Y%m%d",
    r"\d{4}\.\d{1,2}\.\d{1,2}": "%Y.%m.%d", r"[^\W\d_]{3} \d{1,2}, \d{4}": "%b %d, %Y",
    r"[^\W\d_]{4,} \d{1,2}, \d{4}": "%B %d, %Y", r"\d{1,2} [^\W\d_]{3} \d{4}": "%d %b %Y",
    r"\d{1,2} [^\W\d_]{4,} \d{4}": "%d %B %Y", r"[^\W\d_]{3}-\d{1,2}-\d{2}": "%b-%d-%y",
    r"\d{1,2}-[^\W\d_]{3}-\d{2}": "%d-%b-%y", r"\d{1,2}-[^\W\d_]{3}-\d{4}": "%d-%b-%Y",
    r"\d{1,2}\. [^\W\d_]{4,} \d{4}": "%d. %B %Y", r"\d{1,2}\. [^\W\d_]{3} \d{4}": "%d. %b %Y",
    r"\d{4}-\d{1,2}-\d{1,2}": "%Y-%m-%d", r"\d{4}/\d{1,2}/\d{1,2}": "%Y/%m/%d",
}  # fmt: skip
EITHER_WAY = re.compile(r"(\d{1,2})([/-])(\d{1,2})\2(\d{4}|\d{2})")
CLOCKS = {
    r"\d{1,2}:\d\d": "%H:%M", r"\d{1,2}:\d\d:\d\d": "%H:%M:%S", r"\d{1,2}\.\d\d": "%H.%M",
    r"\d{1,2}\.\d\d\.\d\d": "%H.%M.%S", r"\d{1,2}:\d\d [APap][Mm]": "%I:%M %p",
    r"\d{1,2}:\d\d:\d\d [APap][Mm]": "%I:%M:%S %p",
}  # fmt: skip


def formats_of(value: str, values: list[str]) -> list[str]:
    """Returns the formats that read a text as a time. There are several if day, month and a year of two digits could be
    swapped in all values."""
    if re.fullmatch(r"1\d{9}", value):
        return ["epoch_seconds"]
    if re.fullmatch(r"1\d{12}", value):
        return ["epoch_milliseconds"]
    if re.fullmatch(r"[34]\d{4}(?:\.\d+)?", value):
        return ["excel_days"]
    for date, form in DATES.items():
        if (clock := _clock(date, value)) is not None:
            # A text in ISO format that cannot be read is a day that does not exist, so no format helps. With a 12-hour
            # clock, or a comma, the format is missing.
            iso = form in ("%Y-%m-%d", "%Y/%m/%d") and re.fullmatch(r"([ T]%H:%M(:%S)?)?", clock)
            return [] if iso else [form + clock]
    found = EITHER_WAY.match(value)
    if found and (clock := _clock(EITHER_WAY.pattern, value)) is not None:
        year = "%Y" if len(found[4]) == 4 else "%y"
        parts = [match for one in values if (match := EITHER_WAY.match(one))]
        return [order.replace("/", found[2]) + clock for order in _orders(year, parts)]
    return []


def _orders(year: str, parts: list[re.Match[str]]) -> list[str]:
    """Returns the orders in which all dates may hold day, month and year, as formats with slashes. year: its format."""
    firsts, seconds = [int(found[1]) for found in parts], [int(found[3]) for found in parts]
    day, month = f"%d/%m/{year}", f"%m/%d/{year}"
    orders = [day] if max(firsts) > 12 else [month] if max(seconds) > 12 else [day, month]
    if max(seconds) > 12 or any(len(found[1]) < 2 or int(found[4]) > 31 for found in parts):
        return orders
    return ["%y/%m/%d"] if max(firsts) > 31 else [*orders, "%y/%m/%d"]


def _clock(date: str, value: str) -> str | None:
    """Returns the format of the time of day after a date, empty if there is none; None if the text is not this date.

    date: a regular expression.
    """
    if re.fullmatch(date, value):
        return ""
    for clock, form in CLOCKS.items():
        if found := re.fullmatch(rf"{date}(?P<between>T|,? ){clock}(?P<after>(?: Uhr)?)", value):
            return f"{found['between']}{form}{found['after']}"
    return None


def is_of_short_year(value: str) -> bool:
    """Returns whether a text begins with a date whose year has two digits, which DuckDB reads as in 0024."""
    return bool((found := EITHER_WAY.match(value)) and len(found[4]) == 2)
