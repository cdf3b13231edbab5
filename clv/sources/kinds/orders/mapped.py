"""SQL for a mapping of orders: turns `received` (the shop's columns, as text) into the typed table `parsed`, and
that into rows of raw.order_lines."""

from __future__ import annotations

from dataclasses import replace

from clv.core.sql_text import quoted
from clv.sources.kinds.columns_sql import CONTENT_HEX
from clv.sources.kinds.orders import stated, whole_orders
from clv.sources.kinds.orders.mapping import COLUMNS, LINE_COLUMNS, OF_CURRENCY, STATED, OrdersMapping
from clv.sources.kinds.orders.values_sql import amount_in, reason, taken_off, times_of, value_of
from clv.sources.mapping.numbers import NUMBER, number_of
from clv.sources.mapping.times import moment_of
from clv.sources.mapping.values_sql import (
    column_or_null,
    consent,
    converted,
    customer,
    foreign,
    in_currency,
    rate_of,
    signed,
    valued,
    whole,
)

# The cost of returned goods: the cost of the row or of its order times the refunded share of the amount.
RETURNED_COST = (
    f"case when _sold > 0 then round(_sold_cost::double * least(-_refund / _sold, 1)::double, 4)::{NUMBER} end"
)
CUSTOMER = "chr(1)"  # a placeholder in an order id for the customer's key, which is known only later


def parsed_table(mapping: OrdersMapping, reporting_zone: str, warehouse_currency: str, currency_stated: bool) -> str:
    """Returns SQL that creates the table `parsed`: one row for each row of raw.order_lines, and the unreadable rows
    with their reason.

    Columns: _line, _kind ('' or 'refund'), _content, _part, _version, _rule, _reason (null if readable), customer_id,
    email, name, phone, device, order_id, ordered_at, amount, COLUMNS, STATED and OF_CURRENCY. A record with a refunded
    amount gives two rows: the sale and the refund.
    """
    mapping = in_currency(mapping, warehouse_currency)
    money = rate_of(mapping, warehouse_currency)
    customer_id = customer(mapping)
    of_order = [customer_id if name == mapping.customer else whole(mapping, name) for name in mapping.order]
    number = f"row_number() over (partition by {', '.join(of_order)} order by _line)"
    place = f"case when {customer_id} is not null then {CUSTOMER} end"  # the customer's id itself is stored only in pii
    order = " || '-' || ".join(place if sql == customer_id else sql for sql in of_order)
    order_id = f"{order} || '-' || {number}" if mapping.order_numbered else order
    amount = signed(amount_in(mapping), mapping.sign_column, mapping.sign_negative)
    time = moment_of(mapping.time)
    items = {
        "_content": "_content",
        "_part": quoted(mapping.part) if mapping.part else "''",
        "_version": moment_of(mapping.updated_at),
        "_rule": "_rule",
        "_reason": reason(mapping, currency_stated, converted(amount, money)),
        "customer_id": customer_id,
        **{name: column_or_null(getattr(mapping, name)) for name in ("email", "name", "phone", "device")},
        "may_contact": consent(mapping.consent),
        "order_id": order_id,
        "ordered_at": time,
        "amount": converted(amount, money),
        "_stated": stated.stated(mapping, money),
        **{name: value_of(mapping, name, money) for name in COLUMNS},
        # A refund that is a share of the amount is converted with the amount.
        "_refund": converted(f"-abs({number_of(mapping.refund_amount)})", () if mapping.refund_whole else money),
        **({"_whole": f"abs({number_of(mapping.refund_whole)})"} if mapping.refund_whole else {}),
        **({"_taken_off": converted(taken_off(mapping), money)} if mapping.taken_off else {}),
        "_refunded_at": f"coalesce({moment_of(mapping.refund_time)}, {time})",
        **_of_currency(mapping, warehouse_currency),
    }
    typed = ",\n    ".join(f"{sql} as {name}" for name, sql in items.items())
    sale = "select *, '' as _kind from totalled"
    refund = (
        "select * replace (_refund as amount, _refunded_at as ordered_at, order_id as refund_of, "  # noqa: S608 - our own names
        f"null as quantity, null as unit_price, null as discount, {RETURNED_COST} as cost, null as product_id, "
        "null as product_name, null as category, "
        f"{stated.of_refund('_refund_stated')} as _stated), "
        # Of an order of gift cards alone, what is paid back takes nothing off revenue, but the export states it.
        "'refund' as _kind from totalled where (_refund < 0 or _refund_stated < 0) and _reason is null"
    )
    both = f"{sale} union all {refund}" if mapping.refund_amount else sale
    judged = f"select *, {whole_orders.rule(mapping)} as _rule from ({whole_orders.carried(mapping)})"  # noqa: S608 - our own SQL; values are bound or quoted
    rows = valued(mapping, judged, times_of(mapping), reporting_zone)
    return (
        f"create table parsed as with typed as (select _line, {typed} from ({rows})), "  # noqa: S608 - our own SQL; values are bound or quoted
        f"totalled as ({whole_orders.shared(mapping, whole_orders.totalled(mapping))}), entries as ({both}) "
        f"select {stated.flat(mapping)} from entries"
    )


def _of_currency(mapping: OrdersMapping, warehouse_currency: str) -> dict[str, str]:
    """Returns SQL for OF_CURRENCY, which are null unless the rate of the day is to take the place of the fixed one."""
    converting = mapping if mapping.rates_by_day else replace(mapping, rates={})
    return dict(zip(OF_CURRENCY, foreign(converting, warehouse_currency), strict=True))


def repeats(mapping: OrdersMapping) -> str:
    """Returns SQL that numbers the rows with the same row key, so that the number can become part of their keys. It
    creates the view repeats(_line, _kind, number) of the rows with a number above 1, and the tables that the view
    reads."""
    if mapping.row_key == "line":
        numbered = "create table numbered as select _line, true as _is_own, 1 as number from parsed limit 0;"
    elif mapping.row_key == "content":
        number = "row_number() over (partition by _content, _part, _kind order by _line)"
        numbered = f"create table numbered as select _line, _kind = '' as _is_own, {number} as number from parsed;"  # noqa: S608 - our own SQL; values are bound or quoted
    else:
        numbered = _numbered_in_orders(mapping)
    kind = "case when _is_own then '' else 'refund' end"
    return f"{numbered} create view repeats as select _line, {kind} as _kind, number from numbered where number > 1"  # noqa: S608 - our own SQL; values are bound or quoted


def _numbered_in_orders(mapping: OrdersMapping) -> str:
    """Returns SQL that numbers the equal rows of an order.

    Equal rows that stand together are several lines of the order. If the same order appears again further down, its
    rows repeat the earlier ones and get the same numbers. Equal rows without product, price or quantity count as one.

    Orders and contents are compared by hashes, which sort faster than texts. If two hashes were equal by chance, a
    number would be higher than needed, but the key would still identify one row because it contains the order.
    """
    order = "order_id, _kind" if mapping.row_key == "order" else "customer_id, order_id, _kind"
    line = " or ".join(f"{name} is not null" for name in LINE_COLUMNS)
    return f"""
        create table alike as
        select
            _line, _kind = '' as _is_own, hash({order}) as _order, hash({order}, _content) as _alike,
            case when not ({by_content(mapping)}) then hash({order}, ordered_at) end as _when, {line} as _is_line,
            case when _rule is null and _reason is null and customer_id is not null then amount end as amount
        from parsed;

        create table numbered as
        with repeated as (select coalesce(_when, _alike) from alike group by all having count(*) > 1),
        placed as (select *, row_number() over (partition by _is_own order by _line) as _place from alike),
        of_orders as (
            -- _run is one number for rows of an order that stand together
            select *, _place - row_number() over (partition by _order order by _line) as _run
            from placed
            where _order in (select _order from alike where coalesce(_when, _alike) in (from repeated))
        ),
        counted as (
            select
                *, min(_line) over (partition by _alike) as _first,
                case when _is_line then row_number() over (partition by _alike, _run order by _line) else 1 end as _nth
            from of_orders
        )
        select
            _line, _is_own,
            case when _when is null then _nth else dense_rank() over (partition by _when order by _first, _nth) end
                as number
        from counted;
    """  # noqa: S608 - our own SQL; values are bound or quoted


# Reads the tables that `repeats` creates. Returns how many times an order has the same amount in several rows that all
# count, the line of the first such row, and the amount.
BOTH_COUNT = """
    with rows as (select *, hash(_order, amount) as _worth from alike where _is_own and amount > 0),
    several as (select _worth from rows group by all having count(*) > 1),
    counting as (
        select _worth, amount, min(_line) as _line
        from rows semi join several using (_worth) left join numbered using (_line, _is_own)
        group by _worth, amount, _alike, coalesce(number, 1)
    ),
    twice as (
        select amount, list_sort(list(_line))[2] as _line from counting group by _worth, amount having count(*) > 1
    )
    select count(*), min(_line), arg_min(amount, _line) from twice
"""
# The same for equal rows that count once.
ONE_COUNTS = """
    with repeated as (
        select any_value(amount) as amount, list_sort(list(_line))[2] as _line
        from alike where _is_own and not _is_line and amount > 0 group by _alike having count(*) > 1
    )
    select count(*), min(_line), arg_min(amount, _line) from repeated
"""


def by_content(mapping: OrdersMapping) -> str:
    """Returns an SQL condition: the row is identified by its content, not by its time.

    If a delivery always holds whole orders, this is true for all rows except refunds that are rows of their own. Such a
    refund may be delivered without its order, so its time identifies it.
    """
    return "_kind <> '' or coalesce(amount, 0) >= 0" if mapping.holds_whole_orders else "false"


def export_query(mapping: OrdersMapping) -> str:
    """Returns SQL that selects the readable rows of `parsed` with the columns of raw.order_lines; keys and digests are
    bytes.

    Needs the tables customers(customer_id, customer_key blob) and unreadable(_line), and those that `repeats` creates.
    """
    named = {name: f"{_keyed(mapping, name)} as {name}" for name in ("order_id", "refund_of")}
    return f"""
        select
            _line, (case when _kind = '' then 0 else 1 end)::smallint as _entry, {_row_key(mapping)} as _row_key,
            unhex({CONTENT_HEX}) as _content, _version, _rule,
            customers.customer_key, {named["order_id"]}, ordered_at, amount,
            {", ".join(named.get(name, name) for name in COLUMNS)}, {", ".join((*STATED, *OF_CURRENCY))}, may_contact
        from parsed
        anti join unreadable using (_line)
        left join repeats using (_line, _kind)
        left join customers using (customer_id)
    """  # noqa: S608 - our own SQL; values are bound or quoted


def _row_key(mapping: OrdersMapping) -> str:
    number, order = "coalesce(number, 1)", _keyed(mapping, "order_id")
    if mapping.row_key == "content":
        key = f"{CONTENT_HEX} || '|' || {number}"
    elif mapping.row_key == "line":
        # Identify a row without a line id by its content, so that no line of the order is lost.
        key = f"coalesce({order}, '') || '|' || coalesce(line_id, {CONTENT_HEX})"
    else:
        identity = f"case when {by_content(mapping)} then {CONTENT_HEX} else coalesce(ordered_at::varchar, '') end"
        key = f"coalesce({order}, '') || '|' || {identity} || '|' || {number}"
        if mapping.row_key != "order":
            key = f"coalesce(lower(hex(customers.customer_key)), '') || '|' || {key}"
    return f"{key} || case when _kind = '' then '' else '|' || _kind end"


def _keyed(mapping: OrdersMapping, column: str) -> str:
    """Returns SQL for an order id in which the placeholder is replaced by the customer's key, a pseudonym. Only pii
    holds the id."""
    if mapping.customer not in mapping.order:
        return column
    return f"replace({column}, {CUSTOMER}, lower(hex(customers.customer_key)))"
