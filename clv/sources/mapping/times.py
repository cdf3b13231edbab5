"""Times in a mapping's format: SQL that reads a text as a time in the reporting zone, or gives null."""

from __future__ import annotations

from clv.core.sql_text import literal, quoted
from clv.sources.mapping.complaints import complaint
from clv.sources.mapping.model import FileMapping
from clv.sources.mapping.values import COUNTED, EXCEL_DAYS

# A time with its offset from UTC: 2024-03-01 10:00:00 +0100, 2024-03-01T09:00:00Z; or with its zone: … Europe/Rome.
OFFSET = r"\d\d:\d\d[^+-]*(Z|[+-]\d\d(:?\d\d)?)$"
NO_OFFSET = r":.*[+-](1[5-9]|[2-9]\d)(:?\d\d)?$"  # no zone has an offset of 15 hours or more
ZONE = r"\d [A-Za-z][A-Za-z_]{2,}[A-Za-z_/+-]*\d*$"
PLAIN = r"[-0-9/]+([ T][0-9:.]*)?"  # neither
# Orders are dated from FIRST to LAST. Programs write 1970-01-01 and 9999-12-31 for missing times.
FIRST, LAST = 1971, 2199
# Names of months in German, French, Spanish, Italian, Portuguese and Dutch, where they differ from English.
MONTHS = {
    "January": "januar|jän|jänner|janvier|janv|enero|ene|gennaio|gen|janeiro|januari",
    "February": "februar|février|févr|fevrier|fev|febrero|febbraio|fevereiro|februari",
    "March": "märz|mär|mrz|mars|marzo|março|marco|maart|mrt",
    "April": "avril|avr|abril|abr|aprile",
    "May": "mai|mayo|maggio|mag|maio|mei",
    "June": "juni|juin|junio|giugno|giu|junho",
    "July": "juli|juillet|juil|julio|luglio|lug|julho",
    "August": "août|aout|agosto|ago|augustus",
    "September": "sept|septembre|septiembre|settembre|set|setembro",
    "October": "oktober|okt|octobre|octubre|ottobre|ott|outubro|out",
    "November": "novembre|noviembre|novembro",
    "December": "dezember|dez|décembre|déc|decembre|diciembre|dic|dicembre|dezembro|december",
}


def time_in(mapping: FileMapping, column: str | None, reporting_zone: str) -> str:
    """A time in the reporting zone: with an offset it is converted, without one it is read in the row's zone, else in
    the mapping's."""
    if not column:
        return "null::timestamp"
    text, zone = time_text(mapping, column), literal(reporting_zone)
    formats = [form for form in mapping.time_formats if form not in COUNTED]
    stated = [literal(form) for form in formats if "%z" in form or "%Z" in form]
    naive = [literal(form) for form in formats if "%z" not in form and "%Z" not in form]
    with_colon = rf"regexp_replace({text}, ' ?([+-]\d\d):?(\d\d)$', '\1:\2')"
    plain = f"try_cast({text} as timestamp)"
    # DuckDB ignores what follows the digits, such as PM.
    local = rf"case when not regexp_matches({text}, '[A-Za-z]([+-]?\d+)?$') then {plain} end"
    if naive:
        local = f"coalesce({_in_formats(text, naive)}, {local})"
    if EXCEL_DAYS in mapping.time_formats:
        local = f"coalesce({_excel_days(text)}, {local})"
    zoned = mapping.time_zone or _has_zone(mapping, column)
    if zoned:
        local = _from_zone(mapping, column, local, zone)
    # Most times are plain and need none of the rest.
    is_plain = not naive and not zoned and EXCEL_DAYS not in mapping.time_formats
    quick = f"when regexp_full_match({text}, '{PLAIN}') then {plain} " if is_plain else ""
    moment = f"try_cast({with_colon} as timestamptz)"
    if stated:
        moment = f"coalesce(try_strptime({text}, [{', '.join(stated)}]), {moment})"
    read = (
        f"case {quick}when regexp_matches({text}, '{NO_OFFSET}') then null "
        f"when regexp_matches({text}, '{OFFSET}') then timezone({zone}, {moment}) "
        f"when regexp_matches({text}, '{ZONE}') then coalesce({local}, timezone({zone}, {moment})) else {local} end"
    )
    epochs = _epochs(mapping, text, zone)
    return f"coalesce({', '.join([*epochs, read])})" if epochs else read


def time_text(mapping: FileMapping, column: str) -> str:
    """An expression for the text of a time, with a time of day from a separate column appended to its date."""
    if column == mapping.time_column and mapping.time_of_day:
        return f"({quoted(column)} || coalesce(' ' || {quoted(mapping.time_of_day)}, ''))"
    return quoted(column)


def complaints(mapping: FileMapping, columns: list[str], reporting_zone: str, what: str = "a time") -> list[str]:
    """Cases for texts that are no time, or not between FIRST and LAST, and for unknown zones."""
    cases = []
    if mapping.zone_column:
        column = quoted(mapping.zone_column)
        known = ", ".join(["chr(0)", *map(literal, mapping.zones)])
        bad = f"{column} is not null and {column} not in ({known})"
        cases.append(complaint(bad, mapping.zone_column, "is not a time zone that is known"))
    for column in dict.fromkeys(columns):
        moment, text = time_in(mapping, column, reporting_zone), time_text(mapping, column)
        bad = f"{quoted(column)} is not null and coalesce(year({moment}) not between {FIRST} and {LAST}, true)"
        none = complaint(f"{moment} is null", column, f"is not {what}", text)
        of_no_age = complaint("true", column, f"is not from {FIRST} to {LAST}", text)
        cases.append(f"when {bad} then case {none} {of_no_age} end")
    return cases


def _in_formats(text: str, formats: list[str]) -> str:
    """A text as a time in one of strptime's formats, with the month's name in English or one of MONTHS."""
    read = f"try_strptime({text}, [{', '.join(formats)}])"
    if not any("%b" in form.lower() for form in formats):
        return read
    english = [text, text]
    for month, called in MONTHS.items():
        for place, name in enumerate((month[:3], month)):  # as %b and %B read it
            english[place] = (
                f"regexp_replace({english[place]}, '(?i)(^|[^\\pL])(?:{called})\\.?($|[^\\pL])', '\\1{name}\\2')"
            )
    others = ", ".join(f"try_strptime({other}, [{', '.join(formats)}])" for other in english)
    return f"coalesce({read}, case when regexp_matches({text}, '\\pL') then coalesce({others}) end)"


def _excel_days(text: str) -> str:
    """Days since 1899-12-30, as spreadsheets count them, from 1971 on."""
    days = f"try_cast({text} as double)"
    moment = f"timestamp '1899-12-30' + to_seconds(round({days} * 86400))"
    return f"case when regexp_full_match({text}, '\\d{{5,6}}(\\.\\d*)?') then {moment} end"


def _has_zone(mapping: FileMapping, column: str) -> bool:
    return column == mapping.time_column and bool(mapping.zone_column and mapping.zones)


def _from_zone(mapping: FileMapping, column: str, local: str, zone: str) -> str:
    """A local time in the zone of the row's column, or of the mapping, converted to the reporting zone."""
    usual = _in_zone(mapping.time_zone, local, zone) if mapping.time_zone else local
    if not _has_zone(mapping, column):
        return usual
    cases = [f"when {literal(text)} then {_in_zone(place, local, zone)}" for text, place in mapping.zones.items()]
    return f"case {quoted(mapping.zone_column or '')} {' '.join(cases)} else {usual} end"


def _in_zone(place: str, local: str, zone: str) -> str:
    """A local time of a zone, or at an offset in minutes, converted to the reporting zone."""
    if place.lstrip("-").isdigit():
        return f"timezone({zone}, timezone('UTC', {local} - to_minutes({place})))"
    return f"timezone({zone}, timezone({literal(place)}, {local}))"


def _epochs(mapping: FileMapping, text: str, zone: str) -> list[str]:
    """Times that are counted since 1970 in UTC, if the mapping's formats say so."""
    counts = {"epoch_seconds": (r"\d{1,11}(\.\d*)?", 1_000_000), "epoch_milliseconds": (r"\d{9,14}(\.\d*)?", 1000)}
    return [
        f"case when regexp_full_match({text}, '{digits}') then timezone({zone}, timezone('UTC', "
        f"make_timestamp((try_cast({text} as decimal(20, 6)) * {micros})::bigint))) end"
        for form in mapping.time_formats
        if form in counts
        for digits, micros in [counts[form]]
    ]
