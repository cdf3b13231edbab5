"""Single values of a mapping as SQL: a number, time, rate, consent or filter, and why a value is unreadable."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from clv.ingest.mapping import FileMapping, Mapping
from clv.ingest.mapping_values import NUMBERS, Filter
from clv.ingest.numbers import NUMBER, number_in, times
from clv.ingest.numbers import complaints as number_complaints
from clv.ingest.received import LONGEST_FIELD, complaint, literal, quoted

M = TypeVar("M", bound=FileMapping)
RATE = "decimal(18, 10)"
# A time that states its offset from UTC: 2024-03-01 10:00:00 +0100, 2024-03-01T09:00:00Z; or its zone: … Europe/Rome.
OFFSET = r"\d\d:\d\d[^+-]*(Z|[+-]\d\d(:?\d\d)?)$"
NO_OFFSET = r":.*[+-](1[5-9]|[2-9]\d)(:?\d\d)?$"  # none is of 15 hours or more
ZONE = r"\d [A-Za-z][A-Za-z_]{2,}[A-Za-z_/+-]*\d*$"
PLAIN = r"[-0-9/]+([ T][0-9:.]*)?"  # neither
# Orders are dated from FIRST to LAST. 1970-01-01 and 9999-12-31 are what programs write for no time at all.
FIRST, LAST = 1971, 2199
CURRENCY = "[A-Za-z]{3}"
YES, NO = ("yes", "true", "1", "y", "t", "subscribed"), ("no", "false", "0", "n", "f", "unsubscribed")


def column_or_null(name: str | None) -> str:
    return quoted(name) if name else "null::varchar"


def consent(column: str | None) -> str:
    """Whether the customer may be written to; what is neither yes nor no says nothing."""
    if not column:
        return "null::boolean"
    text = f"lower({quoted(column)})"
    return f"case when {text} in {YES} then true when {text} in {NO} then false end"


def whole(mapping: Mapping, name: str) -> str:
    return rf"regexp_replace({quoted(name)}, '\.0+$', '')" if name in mapping.whole_number else quoted(name)


def value_of(mapping: Mapping, name: str, money: str) -> str:
    column = mapping.columns.get(name)
    if name not in NUMBERS:
        return column_or_null(column)
    value = number_in(mapping, column)
    return value if name == "quantity" else converted(value, money)


def amount_in(mapping: Mapping) -> str:
    """An expression for a row's amount, in the row's currency, as the mapping makes it of columns."""
    if mapping.amount:
        return number_in(mapping, mapping.amount)
    return times(number_in(mapping, mapping.columns["quantity"]), number_in(mapping, mapping.price))


def in_currency(mapping: M, warehouse_currency: str) -> M:
    """The mapping, its rows being in the warehouse's currency where it states none."""
    return mapping if mapping.currency else replace(mapping, currency=warehouse_currency)


def rate_of(mapping: FileMapping, warehouse_currency: str) -> str:
    """An expression for the rate into the warehouse's currency; '' where everything is in it already."""
    rates = {code: rate for code, rate in mapping.rates.items() if code != warehouse_currency}
    if mapping.currency_column:
        cases = " ".join(f"when {literal(code)} then {rate}" for code, rate in rates.items())
        return f"(case upper({quoted(mapping.currency_column)}) {cases} else 1 end)::{RATE}" if cases else ""
    rate = rates.get(mapping.currency or "")
    return f"{rate}::{RATE}" if rate else ""


def converted(value: str, money: str) -> str:
    return times(f"({value})::{NUMBER}", money) if money else value


def time_in(mapping: FileMapping, column: str | None, reporting_zone: str) -> str:
    """A time in the reporting zone: what states an offset is converted, what does not is read in the mapping's zone."""
    if not column:
        return "null::timestamp"
    text, zone = quoted(column), literal(reporting_zone)
    stated = [literal(form) for form in mapping.time_formats if "%z" in form or "%Z" in form]
    naive = [literal(form) for form in mapping.time_formats if "%z" not in form and "%Z" not in form]
    with_colon = rf"regexp_replace({text}, ' ?([+-]\d\d):?(\d\d)$', '\1:\2')"
    plain = f"try_cast({text} as timestamp)"
    # DuckDB passes over what follows the digits, such as PM.
    local = rf"case when not regexp_matches({text}, '[A-Za-z]([+-]?\d+)?$') then {plain} end"
    if naive:
        local = f"coalesce(try_strptime({text}, [{', '.join(naive)}]), {local})"
    if mapping.time_zone:
        local = f"timezone({zone}, timezone({literal(mapping.time_zone)}, {local}))"
    # Most times are plain, and need none of the rest.
    quick = f"when regexp_full_match({text}, '{PLAIN}') then {plain} " if not naive and not mapping.time_zone else ""
    moment = f"try_cast({with_colon} as timestamptz)"
    if stated:
        moment = f"coalesce(try_strptime({text}, [{', '.join(stated)}]), {moment})"
    return (
        f"case {quick}when regexp_matches({text}, '{NO_OFFSET}') then null "
        f"when regexp_matches({text}, '{OFFSET}') then timezone({zone}, {moment}) "
        f"when regexp_matches({text}, '{ZONE}') then coalesce({local}, timezone({zone}, {moment})) else {local} end"
    )


def meets(mapping: Mapping, rule: Filter) -> str:
    column = quoted(rule.column)
    if rule.condition == "equals":
        return f"{column} in ({', '.join(literal(str(value)) for value in rule.value)})"  # type: ignore[union-attr]
    if rule.condition == "matches":
        return f"regexp_matches({column}, {literal(str(rule.value))})"
    if rule.condition == "at_most":
        return f"{number_in(mapping, rule.column)} <= {rule.value}"
    return f"{column} is {'not null' if rule.value else 'null'}"


def reason(mapping: Mapping, reporting_zone: str, currency_stated: bool, amount: str) -> str:
    """Why a row is unreadable: a value that is present and cannot be what it should. Null when all can."""
    cases = []
    for column in dict.fromkeys(filter(None, (mapping.time, mapping.refund_time, mapping.updated_at))):
        moment = time_in(mapping, column, reporting_zone)
        bad = f"{quoted(column)} is not null and coalesce(year({moment}) not between {FIRST} and {LAST}, true)"
        cases.append(complaint(f"{bad} and {moment} is null", column, "is not a time"))
        cases.append(complaint(bad, column, f"is not from {FIRST} to {LAST}"))
    cases += number_complaints(mapping, mapping.numbers)
    if "try(" in amount:  # something is multiplied
        factors = [mapping.amount] if mapping.amount else [mapping.columns["quantity"], mapping.price]
        there = " and ".join(f"{quoted(column)} is not null" for column in factors if column)
        cases.append(f"when {there} and {amount} is null then 'the amount is too large'")
    texts = {name: column for name, column in mapping.columns.items() if name not in NUMBERS}
    texts |= {"customer": mapping.customer, "email": mapping.email, "name": mapping.name}
    order = {"order": " || ".join(quoted(column) for column in mapping.order)}
    cases += text_complaints({**{name: quoted(column) for name, column in texts.items() if column}, **order})
    cases += currency_complaints(mapping, currency_stated)
    return f"case {' '.join(cases)} else null::varchar end"


def text_complaints(texts: dict[str, str]) -> list[str]:
    """Cases for texts, as SQL by name, that the warehouse cannot hold."""
    cases = []
    for name, text in texts.items():
        cases.append(f"when strlen({text}) > {LONGEST_FIELD} then '{name} is longer than {LONGEST_FIELD} bytes'")
        cases.append(f"when contains({text}, chr(0)) then '{name} holds a NUL character'")
    return cases


def currency_complaints(mapping: FileMapping, currency_stated: bool) -> list[str]:
    """Cases for rows whose currency is none, or is missing in a file that states it."""
    if not mapping.currency_column:
        return []
    text = quoted(mapping.currency_column)
    no_code = f"not regexp_full_match({text}, '{CURRENCY}')"
    cases = [complaint(no_code, mapping.currency_column, "is not a currency such as EUR")]
    if currency_stated:  # a file that states none at all is in the warehouse's
        cases.append(f"when {text} is null then {literal(mapping.currency_column + ' is empty')}")
    return cases
