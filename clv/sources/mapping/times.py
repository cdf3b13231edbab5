"""SQL that reads times in the formats of a mapping into the reporting zone, and gives null for other texts."""

from __future__ import annotations

from collections.abc import Sequence

from clv.core.sql_text import literal, quoted
from clv.sources.mapping.complaints import complaint
from clv.sources.mapping.model import FileMapping
from clv.sources.mapping.values import COUNTING_FORMATS, EXCEL_DAYS

# OFFSET matches a time with its offset from UTC, such as 2024-03-01 10:00:00 +0100 or 2024-03-01T09:00:00Z. ZONE
# matches a time with its zone, such as … Europe/Rome.
OFFSET = r"\d\d:\d\d[^+-]*(Z|[+-]\d\d(:?\d\d)?)$"
NO_OFFSET = r":.*[+-](1[5-9]|[2-9]\d)(:?\d\d)?$"  # no zone is 15 hours or more from UTC
ZONE = r"\d [A-Za-z][A-Za-z_]{2,}[A-Za-z_/+-]*\d*$"
PLAIN = r"[-0-9/]+([ T][0-9:.]*)?"  # a time without offset and zone
# Times outside FIRST to LAST are rejected: programs write 1970-01-01 and 9999-12-31 for missing times.
FIRST, LAST = 1971, 2199
# Names of months in German, French, Spanish, Italian, Portuguese and Dutch that differ from the English ones.
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
    """Returns SQL for a time in the reporting zone. A time with an offset is converted. A time without one is in the
    zone of the row or, if the row has none, of the mapping."""
    if not column:
        return "null::timestamp"
    text, zone, known = time_text(mapping, column), literal(reporting_zone), mapping.formats_of(column)
    # A year of two digits must not be read as a year of the first century, so its formats come first.
    formats = [form for form in known if form not in COUNTING_FORMATS]
    formats.sort(key=lambda form: "%y" not in form)
    stated = [literal(form) for form in formats if "%z" in form or "%Z" in form]
    naive = [literal(form) for form in formats if "%z" not in form and "%Z" not in form]
    with_colon = rf"regexp_replace({text}, ' ?([+-]\d\d):?(\d\d)$', '\1:\2')"
    plain = f"try_cast({text} as timestamp)"
    # DuckDB ignores letters after the digits, such as PM, so such a text is not read.
    local = rf"case when not regexp_matches({text}, '[A-Za-z]([+-]?\d+)?$') then {plain} end"
    if naive:
        local = f"coalesce({_in_formats(text, naive)}, {local})"
    if EXCEL_DAYS in known:
        local = f"coalesce({_excel_days(text)}, {local})"
    zoned = mapping.time_zone or _has_zone(mapping, column)
    if zoned:
        local = _from_zone(mapping, column, local, zone)
    # A plain time has no offset or zone to look for. This is the most common case, and much faster.
    is_plain = not naive and not zoned and EXCEL_DAYS not in known
    quick = f"when regexp_full_match({text}, '{PLAIN}') then {plain if is_plain else local} "
    moment = f"try_cast({with_colon} as timestamptz)"
    if stated:
        moment = f"coalesce(try_strptime({text}, [{', '.join(stated)}]), {moment})"
    read = (
        f"case {quick}when regexp_matches({text}, '{NO_OFFSET}') then null "
        f"when regexp_matches({text}, '{OFFSET}') then timezone({zone}, {moment}) "
        f"when regexp_matches({text}, '{ZONE}') then coalesce({local}, timezone({zone}, {moment})) else {local} end"
    )
    epochs = _epochs(known, text, zone)
    return f"coalesce({', '.join([*epochs, read])})" if epochs else read


def time_text(mapping: FileMapping, column: str) -> str:
    """Returns SQL for the text of a time. If the mapping has a separate column for the time of day, its text follows
    the date."""
    if column == mapping.time_column and mapping.time_of_day:
        return f"({quoted(column)} || coalesce(' ' || {quoted(mapping.time_of_day)}, ''))"
    return quoted(column)


def moment_of(column: str | None) -> str:
    """Returns SQL for the time in a column of the rows that `values_sql.valued` gives."""
    return quoted(f"_time {column}") if column else "null::timestamp"


def complaints(mapping: FileMapping, columns: list[str], what: str = "a time") -> list[str]:
    """Returns SQL cases for texts that are not times, for times outside FIRST to LAST, and for unknown zones. The rows
    are those that `values_sql.valued` gives."""
    cases = []
    if mapping.zone_column:
        column = quoted(mapping.zone_column)
        known = ", ".join(["chr(0)", *map(literal, mapping.zones)])
        bad = f"{column} is not null and {column} not in ({known})"
        cases.append(complaint(bad, mapping.zone_column, literal("is not a time zone that is known")))
    for column in dict.fromkeys(columns):
        moment, text = moment_of(column), time_text(mapping, column)
        bad = f"{quoted(column)} is not null and coalesce(year({moment}) not between {FIRST} and {LAST}, true)"
        none, out_of_range = literal(f"is not {what}"), literal(f"is not from {FIRST} to {LAST}")
        cases.append(complaint(bad, column, f"case when {moment} is null then {none} else {out_of_range} end", text))
    return cases


def _in_formats(text: str, formats: list[str]) -> str:
    """Returns SQL that reads a text in one of the formats of strptime. Names of months may be English or in MONTHS."""

    def strptime(text: str) -> str:
        moment = f"try_strptime({text}, [{', '.join(formats)}])"
        return f"case when year({moment}) >= 100 then {moment} end"  # %Y reads two digits too, as 0024

    read = strptime(text)
    if not any("%b" in form.lower() for form in formats):
        return read
    english = [text, text]
    for month, called in MONTHS.items():
        for place, name in enumerate((month[:3], month)):  # the short and the long name, for %b and %B
            english[place] = (
                f"regexp_replace({english[place]}, '(?i)(^|[^\\pL])(?:{called})\\.?($|[^\\pL])', '\\1{name}\\2')"
            )
    others = ", ".join(map(strptime, english))
    return f"coalesce({read}, case when regexp_matches({text}, '\\pL') then coalesce({others}) end)"


def _excel_days(text: str) -> str:
    """Returns SQL that reads days since 1899-12-30, as spreadsheets count them."""
    days = f"try_cast({text} as double)"
    moment = f"timestamp '1899-12-30' + to_seconds(round({days} * 86400))"
    return f"case when regexp_full_match({text}, '\\d{{5,6}}(\\.\\d*)?') then {moment} end"


def _has_zone(mapping: FileMapping, column: str) -> bool:
    return column == mapping.time_column and bool(mapping.zone_column and mapping.zones)


def _from_zone(mapping: FileMapping, column: str, local: str, zone: str) -> str:
    """Returns SQL that converts a local time from the zone of the row, else of the mapping, to the reporting zone."""
    usual = _in_zone(mapping.time_zone, local, zone) if mapping.time_zone else local
    if not _has_zone(mapping, column):
        return usual
    cases = [f"when {literal(text)} then {_in_zone(place, local, zone)}" for text, place in mapping.zones.items()]
    return f"case {quoted(mapping.zone_column or '')} {' '.join(cases)} else {usual} end"


def _in_zone(place: str, local: str, zone: str) -> str:
    """Returns SQL that converts a local time from a zone, or from an offset in minutes, to the reporting zone."""
    if place.lstrip("-").isdigit():
        return f"timezone({zone}, timezone('UTC', {local} - to_minutes({place})))"
    return f"timezone({zone}, timezone({literal(place)}, {local}))"


def _epochs(formats: Sequence[str], text: str, zone: str) -> list[str]:
    """Returns SQL that reads times counted from 1970 in UTC, if the formats include them."""
    counts = {"epoch_seconds": (r"\d{1,11}(\.\d*)?", 1_000_000), "epoch_milliseconds": (r"\d{9,14}(\.\d*)?", 1000)}
    return [
        f"case when regexp_full_match({text}, '{digits}') then timezone({zone}, timezone('UTC', "
        f"make_timestamp((try_cast({text} as decimal(20, 6)) * {micros})::bigint))) end"
        for form in formats
        if form in counts
        for digits, micros in [counts[form]]
    ]
