"""SQL for values in a mapping of orders: the amount, and the reason why a row is unreadable."""

from __future__ import annotations

from clv.core.sql_text import quoted
from clv.sources.kinds.orders.mapping import NUMBERS, OrdersMapping
from clv.sources.mapping.numbers import bounded, number_of, times
from clv.sources.mapping.numbers import complaints as number_complaints
from clv.sources.mapping.times import complaints as time_complaints
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
    if mapping.amount_sum:
        terms = [number_of(column) for column in mapping.amount_sum]
        total = " + ".join(f"coalesce({term}, 0)" for term in terms)
        amount = f"case when coalesce({', '.join(terms)}) is not null then {total} end"
    elif mapping.amount:
        amount = number_of(mapping.amount)
    else:
        amount = times(number_of(mapping.columns["quantity"]), number_of(mapping.price))
    if mapping.amount_minus:
        less = " - ".join(f"coalesce({number_of(column)}, 0)" for column in mapping.amount_minus)
        amount = f"{amount} - {less}"
    if mapping.amount_sum or mapping.amount_minus:
        amount = bounded(amount)
    if mapping.no_revenue:
        free = " or ".join(f"coalesce({meets(mapping, rule)}, false)" for rule in mapping.no_revenue)
        amount = f"case when {free} then {amount} * 0 else {amount} end"
    return amount


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
