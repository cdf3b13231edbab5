"""SQL for a mapping of a declared kind: turns `received` (the shop's columns, as text) into typed rows of the raw
table."""

from __future__ import annotations

from collections.abc import Sequence

from clv.core.sql_text import literal, quoted
from clv.sources.kinds.columns import TEXTS, TIMES, Column, DeclaredMapping, has_customers, kept
from clv.sources.mapping.complaints import complaint
from clv.sources.mapping.numbers import complaints as number_complaints
from clv.sources.mapping.numbers import number_of
from clv.sources.mapping.times import complaints as time_complaints
from clv.sources.mapping.times import moment_of
from clv.sources.mapping.values_sql import (
    column_or_null,
    consent,
    converted,
    currency_complaints,
    customer,
    in_currency,
    rate_of,
    rule_of,
    signed,
    text_complaints,
    valued,
)

CONTENT_HEX = "lpad(to_hex(_content), 32, '0')"
NO_CONTENT = f"'{'0' * 32}'"  # of a row of an erased customer
ERASED = "erased"  # the rule under which rows of erased customers are rejected
OF_PERSON = ("customer_id", "email", "name")  # columns of `parsed` that are stored only in pii


def parsed_table(mapping: DeclaredMapping, zone: str, warehouse_currency: str, currency_stated: bool) -> str:
    """Returns SQL that creates the table `parsed`: one row for each row of the raw table, and the unreadable rows with
    their reason.

    Columns: _line, _kind (always ''), _content, _rule, _reason (null if readable), customer_id, email, name, and the
    columns of the kind.
    """
    mapping = in_currency(mapping, warehouse_currency)
    money = rate_of(mapping, warehouse_currency)
    values = dict.fromkeys(OF_PERSON, "null::varchar")
    values |= {parsed_name(column): _value(column, mapping, money) for column in mapping.columns}
    reason = _reason(mapping, currency_stated, values)
    listed = ", ".join(f"{sql} as {quoted(name)}" for name, sql in values.items())
    times = [mapping.named[column.name] for column in mapping.columns if column.type in TIMES]
    rows = valued(mapping, f"select *, {rule_of(mapping)} as _rule from received", times, zone)  # noqa: S608 - our own SQL; values are bound or quoted
    selected = f"_line, '' as _kind, _content, _rule, {reason} as _reason, {listed}"
    return f"create table parsed as select {selected} from ({rows})"  # noqa: S608 - our own SQL; values are bound or quoted


def export_query(columns: Sequence[Column]) -> str:
    """Returns SQL that selects the readable rows of `parsed` with the columns of the raw table.

    Needs the table unreadable(_line) and, if the kind has customers, customers(customer_id, customer_key blob).
    """
    key = "customers.customer_key, " if has_customers(columns) else ""
    joined = "left join customers using (customer_id)" if has_customers(columns) else ""
    key_of = "(select customer_key from customers where customer_id = parsed.{0}) as {0}"
    own = ", ".join(
        (key_of if column.type == "other_customer" else "{0}").format(quoted(column.name)) for column in kept(columns)
    )
    return f"""
        select _line, unhex({CONTENT_HEX}) as _content, _rule, {key}{own}
        from parsed anti join unreadable using (_line) {joined}
    """  # noqa: S608 - our own SQL; values are bound or quoted


def emptied(columns: Sequence[Column], query: str) -> str:
    """Returns SQL for the rows of `export_query`, without the values of rows on the lines of the table
    erased(_line)."""
    names = ["customer_key", *(column.name for column in kept(columns))]
    values = {name: f"case when not is_gone then {quoted(name)} end" for name in names}
    values["_rule"] = f"case when is_gone then '{ERASED}' else _rule end"
    values["_content"] = f"case when is_gone then unhex({NO_CONTENT}) else _content end"
    replaced = ", ".join(f"{value} as {quoted(name)}" for name, value in values.items())
    marked = f"select *, _line in (select _line from erased) as is_gone from ({query})"  # noqa: S608 - our own SQL; values are bound or quoted
    return f"select * exclude (is_gone) replace ({replaced}) from ({marked})"  # noqa: S608 - our own SQL; values are bound or quoted


def parsed_name(column: Column) -> str:
    """Returns the name of a kind's column in `parsed`."""
    return "customer_id" if column.type == "customer" else column.name


def _value(column: Column, mapping: DeclaredMapping, money: tuple[str, ...]) -> str:
    name = mapping.named[column.name]
    if column.type in ("customer", "other_customer"):
        return customer(mapping, name) if name else "null::varchar"
    if column.type == "time":
        return moment_of(name)
    if column.type == "day":
        return f"{moment_of(name)}::date"
    if column.type == "number":
        return number_of(name)
    if column.type == "money":
        number = number_of(name)
        return converted(signed(number, mapping.sign_column, mapping.sign_negative) if column.signed else number, money)
    if column.type == "yes_no":
        return consent(name)
    if column.type == "id" and name:
        return _id(column, mapping, name)
    return _word(column, mapping, name) if column.one_of and name else column_or_null(name)


def _id(column: Column, mapping: DeclaredMapping, name: str) -> str:
    """Returns SQL for an id: the value, or what a pattern finds in it, with its prefix. Null if it finds nothing."""
    pattern, prefix = mapping.ids.get(column.name, ("", ""))
    found = f"nullif(regexp_extract({quoted(name)}, {literal(pattern)}, 1), '')" if pattern else quoted(name)
    return f"{literal(prefix)} || {found}" if prefix else found


def _word(column: Column, mapping: DeclaredMapping, name: str) -> str:
    """Returns SQL for the word of `column.one_of` that the shop's word stands for; the shop's own if it is none."""
    text = f"lower({quoted(name)})"
    stand_for = mapping.values.get(column.name, {})
    cases = " ".join(f"when {literal(word.lower())} then {literal(ours)}" for word, ours in stand_for.items())
    return f"case {text} {cases} else {text} end" if cases else text


def _reason(mapping: DeclaredMapping, currency_stated: bool, values: dict[str, str]) -> str:
    """Returns SQL for the reason why a row is unreadable: a required value is missing, or a value does not have the
    type of its column. Null if the row is readable."""
    named = {column: name for column in mapping.columns if (name := mapping.named[column.name])}
    cases = text_complaints({column.name: quoted(name) for column, name in named.items() if column.type in TEXTS})
    if mapping.filters:
        cases.append("when _rule is not null then null")
    cases += [
        f"when {quoted(name)} is null then {literal(name + ' is empty')}"
        for column, name in named.items()
        if column.required
    ]
    for column, name in named.items():
        if column.type in TIMES:
            cases += time_complaints(mapping, [name], TIMES[column.type])
    cases += number_complaints(mapping)
    cases += [
        f"when {quoted(name)} is not null and {values[column.name]} is null then 'the {column.name} is too large'"
        for column, name in named.items()
        if column.type == "money"
    ]
    cases += [case for column, name in named.items() for case in _outside(column, mapping, name)]
    cases += currency_complaints(mapping, currency_stated)
    return f"case {' '.join(cases)} else null::varchar end" if cases else "null::varchar"


def _outside(column: Column, mapping: DeclaredMapping, name: str) -> list[str]:
    """Returns SQL cases for a number that is outside of the column's bounds, or not whole, for a word that is none of
    the column's, and for a value in which no id is found. name: the shop's column."""
    bounds = {"less": (column.at_least, "<"), "more": (column.at_most, ">")}
    cases = [
        complaint(f"{number_of(name)} {sign} {bound}", name, literal(f"is {word} than {bound:g}"))
        for word, (bound, sign) in bounds.items()
        if bound is not None
    ]
    if mapping.ids.get(column.name, ("", ""))[0]:
        cases.append(
            complaint(
                f"{_id(column, mapping, name)} is null",
                name,
                literal(f"has no part that '{column.name}.pattern' finds"),
            )
        )
    if column.is_whole:
        cases.append(
            complaint(f"{number_of(name)} <> trunc({number_of(name)})", name, literal("is not a whole number"))
        )
    if column.one_of:
        listed = ", ".join(column.one_of)
        problem = f"is none of {listed}; say under '{column.name}.values' which of them it is"
        word = _word(column, mapping, name)
        cases.append(complaint(f"{word} not in ({', '.join(map(literal, column.one_of))})", name, literal(problem)))
    return cases
