"""SQL for values that concern the whole order: columns that only its first row fills, and totals that count once."""

from __future__ import annotations

from dataclasses import replace

from clv.core.sql_text import literal, quoted
from clv.sources.kinds.orders import stated
from clv.sources.kinds.orders.mapping import LINE_COLUMNS, WITHOUT_WHOLE, OrdersMapping
from clv.sources.kinds.orders.values_sql import share
from clv.sources.mapping.numbers import number_in
from clv.sources.mapping.values import Filter
from clv.sources.mapping.values_sql import customer, meets

NOTHING = "case when amount = 0 then amount end"
TOO_MUCH = literal("the refund is too large")
ALL_ROWS = "rows between unbounded preceding and unbounded following"


def carried(mapping: OrdersMapping) -> str:
    """Returns SQL for `received` in which empty cells of the columns in `carry` have the value of the order's first
    row.

    For each column of `_of_order`, it adds a column in which empty cells have the first value that the order has.
    """
    rows = "received"
    if mapping.carry:
        window = f"over (partition by {_names(mapping.order)} order by _line)"
        filled = {name: f"coalesce({quoted(name)}, first_value({quoted(name)}) {window})" for name in mapping.carry}
        rows = f"(select * replace ({_aliased(filled)}) from received)"  # noqa: S608 - our own SQL; values are bound or quoted
    if not (columns := _of_order(mapping)):
        return _once_per_order(mapping, f"from {rows}")
    # Few files have such cells, so only the orders with one are searched for their first value.
    order = f"row({_names(mapping.order)}, {customer(mapping)})"
    lacking = " or ".join(f"{quoted(name)} is null" for name in columns)
    firsts = _aliased({f"_first {name}": f"arg_min({quoted(name)}, _line)" for name in columns})
    judged = _aliased({_judged(name): f"coalesce({quoted(name)}, {quoted(f'_first {name}')})" for name in columns})
    return _once_per_order(
        mapping,
        f"""
        with firsts as (
            select {order} as _of_order, {firsts} from {rows}
            where {order} in (select {order} from {rows} where {lacking}) group by 1
        )
        select rows.*, {judged} from {rows} as rows left join firsts on {order} = firsts._of_order
        """,  # noqa: S608 - our own SQL; values are bound or quoted
    )


def _once_per_order(mapping: OrdersMapping, rows: str) -> str:
    """Returns SQL that keeps the value of each column in `once_per_order` in one row of an order: the first that no
    filter rejects.

    The column `_once_reason` is set in rows that have another value than the order's first.
    """
    if not mapping.amount_once_columns:
        return rows
    partition = _names(mapping.order) + ("" if mapping.row_key == "order" else f", {customer(mapping)}")
    values, bearer = {}, "coalesce(min(_line) filter (_is_counted) over of_order, min(_line) over of_order)"
    complaints = []
    for name in mapping.amount_once_columns:
        number = number_in(mapping, name)
        first = f"first_value(case when {number} <> 0 then {quoted(name)} end ignore nulls) over of_order"
        first_number = f"first_value(nullif({number}, 0) ignore nulls) over of_order"
        values[name] = (
            f"case when {quoted(name)} is not null and {number} is null then {quoted(name)} "
            f"when _line = {bearer} then {first} end"
        )
        message = f"{literal(name + ' ')} || chr(39) || {_shown(number)} || chr(39) || ' is not ' || chr(39)"
        message += f" || {_shown(first_number)} || chr(39) || ', which the order states first'"
        complaints.append(f"when {number} <> 0 and {number} <> {first_number} then {message}")
    judged = f"select *, {rule(mapping)} is null as _is_counted from ({rows})"  # noqa: S608 - our own SQL; values are bound or quoted
    return (
        f"select * exclude (_is_counted) replace ({_aliased(values)}), case {' '.join(complaints)} end as _once_reason "  # noqa: S608 - our own SQL; values are bound or quoted
        f"from ({judged}) window of_order as (partition by {partition} order by _line {ALL_ROWS})"
    )


def rule(mapping: OrdersMapping) -> str:
    """Returns SQL for the name of the first filter that rejects a row, else null."""
    if not mapping.filters:
        return "null::varchar"
    of_order = _of_order(mapping)
    filters = [_of_orders_value(one, of_order) for one in mapping.filters]
    return f"case {' '.join(f'when {meets(mapping, one)} then {literal(one.rule)}' for one in filters)} end"


def totalled(mapping: OrdersMapping) -> str:
    """Returns SQL for `typed` in which only one row of an order has its total and its refund: the first row that is
    readable and not rejected by a filter. A row with another total is unreadable."""
    if not (mapping.amount_once_per_order or mapping.refunded_once_per_order):
        return "from typed"
    found, values, complaints = {}, {}, []
    if mapping.amount_once_per_order:  # what is paid and what is paid back are two separate totals
        found["_total"] = _by_sign(
            f"coalesce({_first_stated('case when amount > 0 then amount end')}, {_first_stated(NOTHING)})",
            _first_stated("case when amount < 0 then amount end"),
        )
        found["_bearer"] = _by_sign(_first_row("coalesce(amount, 0) >= 0"), _first_row("amount < 0"))
        found["_has_total"] = "max(amount) over of_order is not null"
        total = "_total"
        if mapping.taken_off:
            found["_taken"] = "sum(_taken_off) over of_order"
            total = "case when _total > 0 then greatest(_total - coalesce(_taken, 0), 0) else _total end"
        values["amount"] = f"case when _line = _bearer and _total is not null then {total} when _has_total then 0 end"
        if mapping.states_more:
            of_total = "case when amount > 0 then _stated end", "case when amount = 0 then _stated end"
            found["_of_total"] = _by_sign(
                f"coalesce({', '.join(map(_first_stated, of_total))})",
                _first_stated("case when amount < 0 then _stated end"),
            )
            parts = stated.without_cards("_total", total, "_of_total") if mapping.taken_off else "_of_total"
            values["_stated"] = f"case when _line = _bearer and _total is not null then {parts} end"
        complaints.append(_contradiction("amount", "amount", "_total"))
    if mapping.refunded_once_per_order:
        found["_refunded"] = _first_stated("nullif(_refund, 0)")
        found["_refund_bearer"] = _first_row("true")
        found["_first_refunded_at"] = _first_stated("_refunded_at")
        values["_refund"] = "case when _line = _refund_bearer then _refunded end"
        values["_refunded_at"] = "coalesce(_refunded_at, _first_refunded_at)"
        complaints.append(_contradiction("refund", "_refund", "_refunded"))
    values["_reason"] = f"coalesce(_reason, case {' '.join(complaints)} end)"
    together = f"select *, {_aliased(found)} from typed {_orders(mapping)}"  # noqa: S608 - our own SQL; values are bound or quoted
    return f"select * exclude ({', '.join(found)}) replace ({_aliased(values)}) from ({together})"  # noqa: S608 - our own SQL; values are bound or quoted


def shared(mapping: OrdersMapping, rows: str) -> str:
    """Returns SQL for the rows of `totalled` in which a refund that is a part of the column `of` is the same share of
    the amount: of the row's or, if the refund is the order's, of all rows of the order that count. A row with a refund
    but without its whole is unreadable. It adds the columns _refund_stated: the same share of what is stated in all,
    and _sold, _sold_cost: the amount and the cost of that of which the refund is a part."""
    sold, cost, orders = "amount", "cost", ""
    if mapping.returns_costs_of_orders:
        sold, cost, orders = _of_counting("amount"), _of_counting("cost"), _orders(mapping)
    rows = f"select *, {sold} as _sold, {cost} as _sold_cost from ({rows}) {orders}"  # noqa: S608 - our own SQL
    if not mapping.refund_whole:
        return f"select *, null as _refund_stated from ({rows})"  # noqa: S608 - our own SQL
    amount, whole, window = "amount", "nullif(_whole, 0)", ""
    all_stated = "_stated.stated_amount" if mapping.states_more else "null"
    if mapping.refunded_once_per_order:
        amount, window = _of_counting(amount), _orders(mapping)
        all_stated = _of_counting(all_stated) if mapping.states_more else all_stated
        whole = _first_stated(whole)
    message = (
        f"{literal((mapping.refund_amount or '') + ' ')} || chr(39) || {_shown('_refund')} || chr(39) || "
        f"{literal(f' is a part of {mapping.refund_whole}{WITHOUT_WHOLE}')}"
    )
    refund = share("abs(_shared)", "-_refund", "_of")
    complaints = f"when _of is null then {message} when {refund} is null and _shared is not null then {TOO_MUCH}"
    values = {
        "_refund": f"-({refund})",
        "_reason": f"coalesce(_reason, case when _refund < 0 and _rule is null then case {complaints} end end)",
    }
    together = f"select *, {amount} as _shared, {all_stated} as _all, {whole} as _of from ({rows}) {window}"  # noqa: S608 - our own SQL; values are bound or quoted
    shares = (
        f"-({share('abs(_all)', '-_refund', '_of')}) as _refund_stated"
        if mapping.states_more
        else "null as _refund_stated"
    )
    return f"select * exclude (_shared, _all, _of) replace ({_aliased(values)}), {shares} from ({together})"  # noqa: S608 - our own SQL; values are bound or quoted


def _of_counting(value: str) -> str:
    """Returns SQL for the sum of a value over the rows of an order that count; over all of them if none does."""
    return (
        f"coalesce(sum({value}) filter (_reason is null and _rule is null) over of_order, sum({value}) over of_order)"
    )


def _orders(mapping: OrdersMapping) -> str:
    """Returns the SQL clause that names the rows of an order."""
    order = "order_id" if mapping.row_key == "order" else "order_id, customer_id"
    return f"window of_order as (partition by {order} order by _line {ALL_ROWS})"


def _by_sign(paid: str, given_back: str) -> str:
    return f"case when coalesce(amount, 0) >= 0 then {paid} else {given_back} end"


def _first_row(condition: str) -> str:
    """Returns SQL for the line of an order's first row that meets a condition and counts; if none counts, of the first
    that meets it."""
    counts = f"min(_line) filter ({condition} and _reason is null and _rule is null) over of_order"
    return f"coalesce({counts}, min(_line) filter ({condition}) over of_order)"


def _first_stated(value: str) -> str:
    return f"first_value({value} ignore nulls) over of_order"


def _contradiction(called: str, value: str, first: str) -> str:
    # Values stand in quotes in every reason, because reasons are counted without their quoted values.
    message = (
        f"'the {called} ' || chr(39) || {_shown(value)} || chr(39) || ' is not ' || chr(39) || {_shown(first)} "
        "|| chr(39) || ', which the order states first'"
    )
    return f"when order_id is not null and {value} <> 0 and {value} <> {first} then {message}"


def _shown(number: str) -> str:
    return f"rtrim(rtrim(abs({number})::varchar, '0'), '.')"


def _of_order(mapping: OrdersMapping) -> list[str]:
    """Returns the columns of filters that describe the order, not a line. If later rows of the order leave them empty,
    the value of the order's first row applies."""
    of_lines = {mapping.columns.get(name) for name in (*LINE_COLUMNS, "discount", "cost")}
    of_lines |= {mapping.price, None if mapping.amount_once_per_order else mapping.amount}
    filtered = [name for one in mapping.filters for name in one.read]
    return [name for name in dict.fromkeys(filtered) if name not in {*of_lines, *mapping.carry, *mapping.order}]


def _of_orders_value(rule: Filter, of_order: list[str]) -> Filter:
    """Returns a filter that reads the value of the order where the row has none."""
    unless = rule.unless and _of_orders_value(rule.unless, of_order)
    return replace(rule, column=_judged(rule.column) if rule.column in of_order else rule.column, unless=unless)


def _judged(column: str) -> str:
    return f"_judged {column}"


def _names(columns: tuple[str, ...]) -> str:
    return ", ".join(quoted(name) for name in columns)


def _aliased(values: dict[str, str]) -> str:
    return ", ".join(f"{sql} as {quoted(name)}" for name, sql in values.items())
