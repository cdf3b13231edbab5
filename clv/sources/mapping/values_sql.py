"""SQL for values in mappings of every kind: customer, exchange rate, consent and filters, and reasons for unreadable
values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from clv.core.currency_codes import CODES, MINOR_UNITS
from clv.core.sql_text import literal, quoted
from clv.sources.mapping.complaints import LONGEST_FIELD, complaint
from clv.sources.mapping.model import FileMapping
from clv.sources.mapping.numbers import NUMBER, UNREAD, number_in, number_of, times, unread
from clv.sources.mapping.times import moment_of, time_in
from clv.sources.mapping.values import Filter

M = TypeVar("M", bound=FileMapping)
RATE = "decimal(18, 10)"
# What texts say of consent, in the languages in which months are read.
YES = ("yes", "true", "1", "y", "t", "subscribed", "ja", "oui", "sí", "si", "sì", "sim")
NO = ("no", "false", "0", "n", "f", "unsubscribed", "nein", "nee", "non", "não", "nao")


def column_or_null(name: str | None) -> str:
    return quoted(name) if name else "null::varchar"


def valued(mapping: FileMapping, rows: str, times: Iterable[str | None], zone: str) -> str:
    """Returns SQL for rows of texts with the number or time of each such column added. Values and the reasons for
    invalid ones then share it, so each text is read once.

    rows: SQL. times: the columns with times. zone: the reporting zone.
    """
    values = {number_of(name): number_in(mapping, name) for name in mapping.numbers}
    values |= {moment_of(name): time_in(mapping, name, zone) for name in times if name}
    read = f"select *{''.join(f', {sql} as {name}' for name, sql in values.items())} from ({rows})"  # noqa: S608 - our own SQL; values are bound or quoted
    return f"select *, {unread(mapping.numbers)} as {UNREAD} from ({read})" if mapping.numbers else read  # noqa: S608 - our own SQL; values are bound or quoted


def consent(column: str | None) -> str:
    """Returns SQL for the consent of a customer: true for a yes, false for a no, null for other texts."""
    if not column:
        return "null::boolean"
    text = f"lower({quoted(column)})"
    return f"case when {text} in {YES} then true when {text} in {NO} then false end"


def whole(mapping: FileMapping, name: str, column: str | None = None) -> str:
    """Returns SQL for an id without the decimals of a whole number. column: another column that holds the same id."""
    text = quoted(column or name)
    return rf"regexp_replace({text}, '\.0+$', '')" if name in mapping.whole_number else text


def customer(mapping: FileMapping, column: str | None = None) -> str:
    """Returns SQL for the customer's id. column: another column of `received` that holds an id."""
    text = whole(mapping, mapping.customer or "", column)
    return f"lower({text})" if mapping.customer_lower else text


def signed(amount: str, column: str | None, negative: Iterable[str]) -> str:
    """Returns SQL for an amount that is negative where the column of `sign` has one of the values `negative`."""
    if not column:
        return amount
    return f"case when {quoted(column)} in ({', '.join(map(literal, negative))}) then -abs({amount}) else {amount} end"


def in_currency(mapping: M, warehouse_currency: str) -> M:
    """Returns the mapping with the warehouse's currency if it states none."""
    return mapping if mapping.currency else replace(mapping, currency=warehouse_currency)


def rate_of(mapping: FileMapping, warehouse_currency: str) -> tuple[str, ...]:
    """Returns the SQL factors that convert an amount to the warehouse's currency: from minor to major units, and the
    exchange rate."""
    factors = []
    if mapping.minor_units:
        units = [f"when {literal(one)} then {unit}" for one, unit in MINOR_UNITS.items()]
        factors.append(f"(case {_code(mapping)} {' '.join(units)} else 0.01 end)::decimal(4, 3)")
    if rates := _rates(mapping, warehouse_currency):
        factors.append(f"({_of_code(mapping, rates, '1')})::{RATE}")
    return tuple(factors)


def foreign(mapping: FileMapping, warehouse_currency: str) -> tuple[str, str]:
    """Returns SQL for the currency of a row and for its fixed rate; both are null if no rate converts the row."""
    rates = _rates(mapping, warehouse_currency)
    if not rates:
        return "null::varchar", f"null::{RATE}"
    codes = {one: literal(one) for one in rates}
    return f"({_of_code(mapping, codes, 'null')})::varchar", f"({_of_code(mapping, rates, 'null')})::{RATE}"


def _code(mapping: FileMapping) -> str:
    code = literal(mapping.currency or "")
    # The column may be empty in all rows of a file.
    return f"coalesce(upper({quoted(mapping.currency_column)}), {code})" if mapping.currency_column else code


def _rates(mapping: FileMapping, warehouse_currency: str) -> dict[str, str]:
    rates = {one: rate for one, rate in mapping.rates.items() if one != warehouse_currency}
    return rates if mapping.currency_column else {one: rate for one, rate in rates.items() if one == mapping.currency}


def _of_code(mapping: FileMapping, values: dict[str, str], otherwise: str) -> str:
    cases = " ".join(f"when {literal(one)} then {value}" for one, value in values.items())
    return f"case {_code(mapping)} {cases} else {otherwise} end"


def converted(value: str, factors: tuple[str, ...]) -> str:
    for factor in factors:
        value = times(f"({value})::{NUMBER}", factor)
    return value


def rule_of(mapping: FileMapping) -> str:
    """Returns SQL for the name of the first filter that rejects a row; null if none does."""
    cases = " ".join(f"when {meets(mapping, rule)} then {literal(rule.rule)}" for rule in mapping.filters)
    return f"case {cases} end" if cases else "null::varchar"


def meets(mapping: FileMapping, rule: Filter) -> str:
    """Returns an SQL condition: a row meets the condition of a filter, and not the one that excepts it."""
    if rule.unless:
        kept = f"coalesce({meets(mapping, rule.unless)}, false)"
        return f"{meets(mapping, replace(rule, unless=None))} and not {kept}"
    column = quoted(rule.column)
    if rule.condition == "equals":
        return f"{column} in ({', '.join(literal(str(value)) for value in rule.value)})"  # type: ignore[union-attr]
    if rule.condition == "matches":
        return f"regexp_matches({column}, {literal(str(rule.value))})"
    if rule.condition == "at_most":
        return f"{number_in(mapping, rule.column)} <= {rule.value}"
    return f"{column} is {'not null' if rule.value else 'null'}"


def is_currency(mapping: FileMapping) -> str:
    """Returns an SQL condition: the text in the currency column is a code of ISO 4217 or of the mapping."""
    known = sorted(CODES | {code.upper() for code in (*mapping.rates, mapping.currency or "XXX")})
    return f"upper({quoted(mapping.currency_column or '')}) in ({', '.join(map(literal, known))})"


def text_complaints(texts: dict[str, str]) -> list[str]:
    """Returns SQL cases for texts that the warehouse cannot store. texts: SQL by name."""
    cases = []
    for name, text in texts.items():
        cases.append(f"when strlen({text}) > {LONGEST_FIELD} then '{name} is longer than {LONGEST_FIELD} bytes'")
        cases.append(f"when contains({text}, chr(0)) then '{name} holds a NUL character'")
    return cases


def currency_complaints(mapping: FileMapping, currency_stated: bool) -> list[str]:
    """Returns SQL cases for rows with an invalid currency, or without one if other rows of the file have one."""
    if not mapping.currency_column:
        return []
    text = quoted(mapping.currency_column)
    no_code = f"not {is_currency(mapping)}"
    cases = [complaint(no_code, mapping.currency_column, literal("is not a currency such as EUR"))]
    if currency_stated:  # if no row has a currency, all are in the warehouse's
        cases.append(f"when {text} is null then {literal(mapping.currency_column + ' is empty')}")
    return cases
