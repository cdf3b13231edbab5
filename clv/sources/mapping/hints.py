"""Suggests lines for a mapping that make a file's unreadable rows readable, derived from the reasons alone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from difflib import get_close_matches
from functools import cache
from itertools import product
from zoneinfo import ZoneInfo, available_timezones

from clv.core import masking
from clv.sources.mapping.model import FileMapping
from clv.sources.mapping.numbers import MINUS, SIGNS
from clv.sources.mapping.parts import UNTIL_HEADER
from clv.sources.mapping.values import APOSTROPHES, BLANKS
from clv.sources.mapping.written_times import formats_of, is_of_short_year

VALUE = re.compile(r"^(?P<column>.*?) '(?P<value>.*)' (?P<problem>is not .*|is 10,.*|bears .*)$", re.DOTALL)
DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "bars", ",": "commas"}
ZONE = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z_/+-]+|[\w.()& -]{1,60} Time(?: \([\w& ]+\))?")  # never the name of a person
NUMBER_STYLES = [(decimal, mark) for decimal, mark in product(".,", ["", ",", ".", " ", "'"]) if decimal != mark]


def remedies(reasons: Iterable[str], mapping: FileMapping) -> list[str]:
    """Returns lines that make unreadable rows readable when they are pasted into the mapping; empty if no remedy is
    certain.

    reasons: reasons of quarantine.unreadable_rows, with their values.
    """
    values: dict[str, list[str]] = {}
    unread: list[tuple[str, str]] = []  # the columns and texts that are no times
    of_years: list[tuple[str, str]] = []  # the columns and times of years that cannot be
    others = []
    for reason in dict.fromkeys(reasons):
        if not (found := VALUE.match(reason)):
            others.append(reason)
            continue
        problem = found["problem"].removeprefix("is not ").split(" with ")[0]
        values.setdefault(problem, []).append(found["value"])
        if problem in ("a time", "a day"):
            unread.append((found["column"], found["value"]))
        elif problem.startswith("from "):
            of_years.append((found["column"], found["value"]))
    short = [(column, value) for column, value in of_years if _is_short(value, column, of_years, mapping)]
    times: dict[str, list[str]] = {}
    for column, value in [*unread, *short]:
        times.setdefault(mapping.key_of_time(column), []).append(value)
    found = [
        *(line for key, some in times.items() for line in _of_times(some, key, mapping)),
        *_of_years([value for column, value in of_years if (column, value) not in short], mapping),
        *_of_numbers(values.get("a number", []), mapping),
        *_of_currencies(values, mapping),
        *_of_zones(values.get("a time zone that is known", []), mapping),
    ]
    found += [_remedy(why, line, mapping) for why, line in mapping.own_remedies(others)]
    if any(reason.startswith("is not UTF-8") for reason in others):
        found.append(
            _remedy("the file is in another encoding, often cp1252", file_line(mapping, encoding="cp1252"), mapping)
        )
    if any(re.match(r"has \d+ fields", reason) for reason in others):
        mark = DELIMITERS.get(mapping.delimiter, "delimiters")
        found.append(
            f"a row has more or fewer {mark} than the header; texts with {mark} in them stand in double quotes"
        )
    return found


def _is_short(value: str, column: str, of_years: list[tuple[str, str]], mapping: FileMapping) -> bool:
    """Returns whether a time has a year of two digits, in a format that the mapping does not state."""
    stated = mapping.formats_of(column)
    return is_of_short_year(value) and not set(stated) & set(formats_of(value, [one for _, one in of_years]))


def absent_column(name: str, present: Sequence[str], mapping: FileMapping, in_a_line: bool = True) -> str | None:
    """Returns the likely cause of a missing column: another delimiter, lines above the header, or another spelling;
    None if it is uncertain.

    in_a_line: whether the names of the columns are a line of the file.
    """
    if len(present) == 1:
        for mark, name_of_mark in DELIMITERS.items():
            names = [part.strip().strip('"') for part in present[0].split(mark)]
            if mark != mapping.delimiter and name in names:
                return _remedy(
                    f"the file's columns are separated by {name_of_mark}", file_line(mapping, delimiter=mark), mapping
                )
    same = [one for one in present if _letters(one) == _letters(name)]
    if len(same) != 1:
        same = get_close_matches(name, present, 1)
    if same:
        return f"the mapping {mapping.source} may mean {same[0]!r}"
    marks = [mark for mark in DELIMITERS if mark not in (mapping.delimiter, "" if len(present) == 1 else ",")]
    others = [mark for mark in marks if any(mark in one for one in present)]
    if mapping.header or not in_a_line or not others and _may_be_header(present, mapping):
        return None
    say = f"say in the mapping {mapping.source}"
    # Where the header is the first line, it is found too.
    first = f"if its header stands further down, {say}: {file_line(mapping, skip=UNTIL_HEADER)}"
    lines = [first] if mapping.skip != UNTIL_HEADER and not others else []
    if others or mapping.delimiter == ",":
        mark = (others or [";"])[0]
        line = file_line(mapping, skip=UNTIL_HEADER, delimiter=mark)
        lines.append(f"if its columns are separated by {DELIMITERS[mark]}, {say}: {line}")
    return "; ".join(lines) or None


def _may_be_header(present: Sequence[str], mapping: FileMapping) -> bool:
    """Returns whether a line has names as a header has: one of the mapping's, or as many as it needs."""
    known = {one for name in mapping.wanted for one in mapping.alternatives.get(name, (name,))}
    named = [one for one in present if one.strip()]
    needed = [name for name in mapping.wanted if name not in mapping.optional and name not in mapping.in_no_column]
    return len(named) > 1 and (len(named) >= len(needed) or not known.isdisjoint(named))


def _letters(name: str) -> str:
    return re.sub(r"[^\w]|_", "", name).lower()


def _remedy(why: str, line: str, mapping: FileMapping) -> str:
    return f"{why}; say in the mapping {mapping.source}: {line}"


def _yaml(values: dict[str, object]) -> str:
    """Writes keys and values as YAML in one line."""
    return "{" + ", ".join(f"{key}: {_yaml_value(value)}" for key, value in values.items()) + "}"


def _yaml_value(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(one)}: {json.dumps(other)}" for one, other in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)


def file_line(mapping: FileMapping, **changes: object) -> str:
    """Returns the mapping's whole line `file:` with changes, which can replace the existing line."""
    defaults = {
        "encoding": "utf-8",
        "delimiter": ",",
        "header": [],
        "skip": 0,
        "sheet": None,
        "explode": None,
        "decimal": ".",
        "thousands": "",
        "missing": [],
    }
    stated = {key: getattr(mapping, key) for key in defaults}
    stated = {key: list(value) if isinstance(value, tuple) else value for key, value in stated.items()} | changes
    return "file: " + _yaml({key: value for key, value in stated.items() if value != defaults[key] or changes.get(key)})


def _time(mapping: FileMapping, key: str, **changes: object) -> str:
    """Returns the mapping's whole line for the times of a key with changes."""
    column = mapping.column_of_time(key) or ""
    names = list(mapping.alternatives.get(column, ())) or [column]
    place = "value" if column in mapping.fixed else "in_file_name" if column in mapping.in_file_name else "column"
    given = {**mapping.fixed, **mapping.in_file_name}.get(column, names if len(names) > 1 else names[0])
    stated: dict[str, object] = {
        place: given,
        "time_of_day": mapping.time_of_day,
        "zone": mapping.zone_column,
        "zones": mapping.zones,
        "formats": list(mapping.formats_of(column)),
        **changes,
    }
    return f"{key}: {_yaml({key: value for key, value in stated.items() if value})}"


def _of_times(values: list[str], key: str, mapping: FileMapping) -> list[str]:
    formats: dict[str, str] = {}
    stated = mapping.formats_of(mapping.column_of_time(key) or "")
    for value in values:
        for form in formats_of(value, values):
            formats.setdefault(form, value)
    new = {form: value for form, value in formats.items() if form not in stated}
    if not new:
        return _of_unknown_times(values, key, mapping)
    value = next(iter(new.values()))
    orders = {
        name: some
        for name, starts in {"day": ("%d/", "%d-%m"), "month": ("%m/", "%m-"), "year": ("%y/", "%y-")}.items()
        if (some := [form for form in new if form.startswith(starts)])
    }
    why = f"times are written like {masking.value(value)!r}"

    def remedy(why: str, some: Iterable[str]) -> str:
        return _remedy(why, _time(mapping, key, formats=[*stated, *some]), mapping)

    if len(orders) < 2:
        return [remedy(why, new)]
    rest = [form for form in new if not any(form in some for some in orders.values())]
    return [  # each is possible, so offer a line for each
        remedy(f"{why}: {'or ' if place else ''}where the {name} stands first", [*some, *rest])
        for place, (name, some) in enumerate(orders.items())
    ]


def _of_unknown_times(values: list[str], key: str, mapping: FileMapping) -> list[str]:
    """Shows how a mapping states a format, for texts that look like times but are written in no common way."""
    unknown = [one for one in values if re.search(r"\d.*\b\d{4}\b", one)]
    if not unknown or mapping.time_formats:
        return []
    why = f"{masking.value(unknown[0])!r} is in an unknown format: put it into this line, with %d for the day, %m or %B"
    line = _time(mapping, key, formats=["%d. %B %Y, %H:%M"])
    return [_remedy(f"{why} for the month, %Y for the year, %H and %M for the time", line, mapping)]


def _of_years(written: list[str], mapping: FileMapping) -> list[str]:
    """Suggests that dates such as 1970-01-01, which programs write for missing ones, are missing values."""
    if not written:
        return []
    missing = [*mapping.missing, *dict.fromkeys(written)][: len(mapping.missing) + 3]
    return [_remedy(f"{written[0]!r} may stand for no date at all", file_line(mapping, missing=missing), mapping)]


def _of_numbers(values: list[str], mapping: FileMapping) -> list[str]:
    plain = [re.sub(rf"[{MINUS}][{BLANKS}]*", "-", value) for value in values]
    bare = [re.sub(r"^[^\d(\-+.,]+|[^\d)\-.,]+$", "", value) for value in plain]
    numbers = [value for value in bare if re.fullmatch(rf"[-+(]?[\d.,{BLANKS}{APOSTROPHES}]*\d(?:[)-]|[.,]-)?", value)]
    # Ignore numbers in the mapping's style: they were rejected for the text beside them.
    numbers = [value for value in numbers if not fits_style(value, mapping.decimal, mapping.thousands)]
    fitting = [style for style in NUMBER_STYLES if numbers and all(fits_style(value, *style) for value in numbers)]
    if fitting:
        decimal, mark = fitting[0]
        line = file_line(mapping, decimal=decimal, thousands=mark)
        return [_remedy(f"numbers are written like {masking.value(numbers[0])!r}", line, mapping)]
    empty = sorted({value for value in values if masking.NOTHING.fullmatch(value)})
    if empty:
        line = file_line(mapping, missing=[*mapping.missing, *empty])
        return [_remedy(f"{empty[0]!r} may stand for no number at all", line, mapping)]
    return []


def fits_style(value: str, decimal: str, mark: str) -> bool:
    marks = BLANKS if mark == " " else APOSTROPHES if mark == "'" else mark
    whole = rf"(?:\d+|[1-9]\d{{0,2}}(?:[{marks}]\d{{3}})+)" if mark else r"\d+"
    return bool(re.fullmatch(rf"[-+(]?{whole}(?:[{decimal}](?:\d*|-))?[)-]?", value))


def _of_currencies(values: dict[str, list[str]], mapping: FileMapping) -> list[str]:
    for problem, some in values.items():
        if not problem.startswith(("a currency", "bears a currency")):
            continue
        beside_an_amount = problem.startswith("bears")
        for value in some:
            signs = [sign for sign in SIGNS if (sign in value if beside_an_amount else sign == value)]
            sign = max(signs, key=len, default="")
            code = re.search(r"\b[A-Za-z]{3}\b", value) if beside_an_amount else None
            currency = code[0].upper() if code else SIGNS[sign].split()[0] if sign else ""
            if currency:
                others = f" (or another that {sign} stands for)" if not code and " " in SIGNS[sign] else ""
                return [_remedy(f"{masking.value(value)!r} is in {currency}{others}", f"currency: {currency}", mapping)]
    return []


@cache
def _abbreviations() -> set[str]:
    """Returns the abbreviations of all time zones in winter and in summer, such as IST and WIB."""
    places = [ZoneInfo(place) for place in sorted(available_timezones())]
    return {datetime(2024, month, 1, tzinfo=place).tzname() or "" for place in places for month in (1, 7)}


def _of_zones(values: list[str], mapping: FileMapping) -> list[str]:
    values = [value for value in values if ZONE.fullmatch(value) or value in _abbreviations()]
    if not values:
        return []
    zones = {**mapping.zones, **dict.fromkeys(values[:3], "Europe/London")}
    line = _time(mapping, mapping.time_key, zones=zones)
    return [_remedy(f"{values[0]!r} is the time of which place? If of London's", line, mapping)]
