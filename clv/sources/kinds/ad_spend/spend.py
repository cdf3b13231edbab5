"""A mapping of ad spend as SQL: from `received` (the shop's columns, as text) to `parsed`, to raw.channel_spend."""

from __future__ import annotations

from clv.core.sql_text import literal, quoted
from clv.sources.kinds.orders.mapped import CONTENT_HEX
from clv.sources.mapping.language import SpendMapping
from clv.sources.mapping.numbers import complaints as number_complaints
from clv.sources.mapping.numbers import number_in
from clv.sources.mapping.times import complaints as time_complaints
from clv.sources.mapping.times import time_in
from clv.sources.mapping.values_sql import (
    column_or_null,
    converted,
    currency_complaints,
    in_currency,
    rate_of,
    rule_of,
    text_complaints,
)


def parsed_view(mapping: SpendMapping, reporting_zone: str, warehouse_currency: str, currency_stated: bool) -> str:
    """SQL that creates the view `parsed`: one row per row of raw.channel_spend, and the unreadable with their reason.

    Columns: _line, _kind (always ''), _content, _rule, _reason (null when readable), day, channel, campaign, amount.
    """
    mapping = in_currency(mapping, warehouse_currency)
    amount = converted(number_in(mapping, mapping.amount), rate_of(mapping, warehouse_currency))
    return f"""
        create view parsed as select
            _line, '' as _kind, _content, {rule_of(mapping)} as _rule,
            {_reason(mapping, reporting_zone, currency_stated, amount)} as _reason,
            ({time_in(mapping, mapping.day, reporting_zone)})::date as day, {quoted(mapping.channel)} as channel,
            {column_or_null(mapping.campaign)} as campaign, {amount} as amount
        from received
    """  # noqa: S608 - our own SQL; values are bound or quoted


def export_query() -> str:
    """SQL giving the readable rows of `parsed` as raw.channel_spend wants them. Expects the table unreadable(_line)."""
    return f"""
        select _line, unhex({CONTENT_HEX}) as _content, _rule, day, channel, campaign, amount
        from parsed anti join unreadable using (_line)
    """  # noqa: S608 - our own names


def _reason(mapping: SpendMapping, reporting_zone: str, currency_stated: bool, amount: str) -> str:
    """Why a row is unreadable: a value that is missing, or cannot be what it should. Null when all can."""
    texts = {"channel": mapping.channel, "campaign": mapping.campaign}
    cases = text_complaints({name: quoted(column) for name, column in texts.items() if column})
    if mapping.filters:
        cases.append("when _rule is not null then null")
    cases += [
        f"when {quoted(column)} is null then {literal(column + ' is empty')}"
        for column in (mapping.day, mapping.channel, mapping.amount)
    ]
    cases += time_complaints(mapping, [mapping.day], reporting_zone, "a day")
    cases += number_complaints(mapping, mapping.numbers)
    cases.append(f"when {amount} is null then 'the amount is too large'")
    cases += currency_complaints(mapping, currency_stated)
    return f"case {' '.join(cases)} else null::varchar end"
