"""SQL for values in a mapping of orders: the amount, and the reason why a row is unreadable."""

from __future__ import annotations

from collections.abc import Iterable

from clv.core.sql_text import quoted
from clv.sources.kinds.orders.mapping import NUMBERS, OrdersMapping
from clv.sources.mapping.numbers import NUMBER, bounded, number_of, times
from clv.sources.mapping.numbers import complaints as number_complaints
from clv.sources.mapping.times import complaints as time_complaints
from clv.sources.mapping.values import Filter
from clv.sources.mapping.values_sql import column_or_null, converted, currency_complaints, meets, text_complaints


def times_of(mapping: OrdersMapping) -> list[str | None]:
    """Returns the columns with times."""
    return [mapping.time, mapping.refund_time, mapping.updated_at]


def value_of(mapping: OrdersMapping, name: str, money: tuple[str, ...]) -> str:
    column = mapping.columns.get(name)
    if name not in NUMBERS:
        return column_or_null(column)
    value = number_of(column)
    return value if name == "quantity" else converted(value, money)


def amount_in(mapping: OrdersMapping) -> str:
    """Returns an SQL expression for the amount of a row in the row's currency, computed from the mapping's columns."""
    amount = left_in(mapping)
    if rules := without_revenue(mapping):
        amount = f"case when {meets_any(mapping, rules)} then {amount} * 0 else {amount} end"
    return amount


def left_in(mapping: OrdersMapping) -> str:
    """Returns SQL for what is left of the stated amount without the columns in `minus`.

    Of the total of an order, at least nothing is left: parts may overlap, as shipping with its tax and the order's tax
    do. Of a row's own amount less than nothing may be left, which its order's other rows make up for.
    """
    amount = whole = _whole_in(mapping)
    if mapping.amount_minus:
        less = " - ".join(f"coalesce({number_of(column)}, 0)" for column in mapping.amount_minus)
        amount = f"{whole} - {less}"
        if mapping.amount_once_per_order:
            amount = f"case when {whole} >= 0 then greatest({amount}, 0) else {amount} end"
    return bounded(amount) if mapping.amount_sum or mapping.amount_minus else amount


def stated_in(mapping: OrdersMapping) -> str:
    """Returns SQL for the amount that a row states, of which nothing is taken off."""
    return bounded(_whole_in(mapping)) if mapping.amount_sum else _whole_in(mapping)


def without_revenue(mapping: OrdersMapping) -> list[Filter]:
    """Returns the rules of `no_revenue` by which a row counts 0."""
    return [rule for rule in mapping.no_revenue if rule not in mapping.taken_off]


def _whole_in(mapping: OrdersMapping) -> str:
    if mapping.amount_sum:
        terms = [number_of(column) for column in mapping.amount_sum]
        total = " + ".join(f"coalesce({term}, 0)" for term in terms)
        amount = f"case when coalesce({', '.join(terms)}) is not null then {total} end"
    elif mapping.amount:
        amount = number_of(mapping.amount)
    else:
        amount = times(number_of(mapping.columns["quantity"]), number_of(mapping.price))
    return amount


def taken_off(mapping: OrdersMapping) -> str:
    """Returns SQL for what a row takes off the total of its order: its price if a rule says that it is no revenue."""
    price = times(number_of(mapping.columns["quantity"]), number_of(mapping.columns["unit_price"]))
    return f"case when {meets_any(mapping, mapping.taken_off)} then {price} end"


def meets_any(mapping: OrdersMapping, rules: Iterable[Filter]) -> str:
    """Returns an SQL condition: the row meets one of the rules."""
    return " or ".join(f"coalesce({meets(mapping, rule)}, false)" for rule in rules)


def share(amount: str, part: str, whole: str) -> str:
    """Returns SQL for amount * part / whole, rounded to 10 digits after the decimal point; exactly the amount if part
    and whole are equal, and null if the whole is 0. All three are SQL for numbers of 0 or more."""
    of_amount, of_part, of_whole = (
        f"({value}::{NUMBER} * 10000000000::decimal(11, 0))::hugeint" for value in (amount, part, whole)
    )
    # Division of decimals is inexact, so whole numbers are divided. A common divisor keeps the product small.
    divisor = f"gcd({of_part}, {of_whole})"
    parts, wholes = f"({of_part} // {divisor})", f"({of_whole} // {divisor})"
    units = f"try(({parts} * {of_amount} + {wholes} // 2) // {wholes})"
    divided = f"try_cast(try_cast({units} as decimal(28, 0)) * 0.0000000001::decimal(10, 10) as {NUMBER})"
    return f"case when {part} = {whole} and {whole} <> 0 then {amount} else {divided} end"


def has_amount(mapping: OrdersMapping) -> str:
    """Returns an SQL condition: the row has all values from which its amount is computed."""
    if mapping.amount_sum:
        return f"coalesce({', '.join(quoted(column) for column in mapping.amount_sum)}) is not null"
    needed = [mapping.amount] if mapping.amount else [mapping.columns["quantity"], mapping.price]
    return " and ".join(f"{quoted(column)} is not null" for column in needed if column)


def reason(mapping: OrdersMapping, currency_stated: bool, amount: str) -> str:
    """Returns SQL for the reason why a row is unreadable: a value is present but invalid.

    The reason is null if all values are valid. It is null too if a filter rejects the row (`_rule`) and the warehouse
    can store its texts: a totals row, for example, need not have a valid time.
    """
    texts = {name: column for name, column in mapping.columns.items() if name not in NUMBERS}
    texts |= {"customer": mapping.customer, "email": mapping.email, "name": mapping.name}
    texts |= {"phone": mapping.phone, "device": mapping.device}
    order = {"order": " || ".join(quoted(column) for column in mapping.order)}
    cases = text_complaints({**{name: quoted(column) for name, column in texts.items() if column}, **order})
    if mapping.filters:
        cases.append("when _rule is not null then null")
    cases += time_complaints(mapping, [column for column in times_of(mapping) if column])
    cases += number_complaints(mapping)
    if mapping.amount_once_columns:
        cases.append("when _once_reason is not null then _once_reason")
    if "try" in amount:  # the amount is a product or a sum, which can become too large
        cases.append(f"when {has_amount(mapping)} and {amount} is null then 'the amount is too large'")
    cases += currency_complaints(mapping, currency_stated)
    return f"case {' '.join(cases)} else null::varchar end"
