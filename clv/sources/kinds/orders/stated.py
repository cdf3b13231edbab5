"""SQL for what an export states in all, and for the parts that are no revenue: tax, shipping, tips, sold gift cards and
discounts. They stand in one struct, `_stated`, until each is a column of raw.order_lines."""

from __future__ import annotations

from clv.core.sql_text import literal, quoted
from clv.sources.kinds.orders.mapping import PARTS, STATED, OrdersMapping
from clv.sources.kinds.orders.values_sql import left_in, meets_any, stated_in, without_revenue
from clv.sources.mapping.numbers import PRODUCT, number_of
from clv.sources.mapping.values_sql import converted

NOTHING = f"null::struct({', '.join(f'{name} {PRODUCT}' for name in STATED)})"


def stated(mapping: OrdersMapping, money: tuple[str, ...]) -> str:
    """Returns SQL for the struct of a row; null if the amount is what the export states.

    money: the factors that convert to the warehouse's currency.
    """
    if not mapping.states_more:
        return NOTHING
    left = left_in(mapping)
    parts = {
        PARTS[name]: [f"coalesce({number_of(column)}, 0)" for column in columns]
        for name, columns in mapping.amount_parts.items()
        if name in PARTS
    }
    if rules := without_revenue(mapping):
        cards = f"case when {meets_any(mapping, rules)} then {left} else 0 end"
        parts["gift_card"] = [*parts.get("gift_card", ()), cards]
    values = {"stated_amount": stated_in(mapping), **{name: " + ".join(terms) for name, terms in parts.items()}}
    fields = {name: converted(_signed(mapping, value, left), money) for name, value in values.items()}
    return f"case when {left} is not null then {_struct(fields)} end"


def of_refund(amount: str) -> str:
    """Returns SQL for the struct of a refund, of which only the stated amount is known; null if that is null."""
    return f"case when {amount} is not null then {_struct({'stated_amount': amount})} end"


def flat(mapping: OrdersMapping) -> str:
    """Returns SQL for all columns of a row, with those of the struct in its place. A discount that is taken off is the
    discount of the sale, unless the mapping names another column."""
    replaced = ""
    if "discount" in mapping.amount_parts and "discount" not in mapping.columns:
        replaced = "replace (case when _kind = '' then _stated.discount_off end as discount)"
    return f"* exclude (_stated) {replaced}, {', '.join(f'_stated.{name} as {name}' for name in STATED)}"


def without_cards(total: str, left: str, found: str) -> str:
    """Returns SQL for the struct `found` of an order's total, less what its lines without revenue take off.

    total, left: SQL for the total before and after that.
    """
    fields = {name: f"{found}.{name}" for name in STATED}
    fields["gift_card"] = f"coalesce({found}.gift_card, 0) + ({total} - {left})"
    return f"case when {found} is not null then {_struct(fields)} end"


def _struct(fields: dict[str, str]) -> str:
    """Returns SQL for a struct with the columns STATED. fields: SQL by column; the others are null."""
    values = (f"{literal(name)}: ({fields.get(name, 'null')})::{PRODUCT}" for name in STATED)
    return f"{{{', '.join(values)}}}"


def _signed(mapping: OrdersMapping, value: str, left: str) -> str:
    """Returns SQL for a value of a row that is negative if its amount is made negative."""
    if not mapping.sign_column:
        return value
    negative = ", ".join(literal(one) for one in mapping.sign_negative)
    return f"case when {quoted(mapping.sign_column)} in ({negative}) and {left} > 0 then -({value}) else {value} end"
