"""A mapping as SQL: from `received` (the shop's columns, as text) to `parsed` (ours, typed), to raw.order_lines."""

from __future__ import annotations

from clv.ingest.mapping import Mapping
from clv.ingest.mapping_values import COLUMNS
from clv.ingest.numbers import NUMBER, number_in
from clv.ingest.received import literal, quoted
from clv.ingest.values_sql import (
    amount_in,
    column_or_null,
    consent,
    converted,
    in_currency,
    meets,
    rate_of,
    reason,
    time_in,
    value_of,
    whole,
)

CONTENT_HEX = "lpad(to_hex(_content), 32, '0')"
# What was paid for goods that came back: of a record's cost the share that was refunded of its amount.
RETURNED_COST = f"case when amount > 0 then round(cost::double * least(-_refund / amount, 1)::double, 4)::{NUMBER} end"
CUSTOMER = "chr(1)"  # stands for the customer's key in an order's number, until the key is known
ERASED = "erased"  # the reason for which rows of erased customers are set aside
KEYS_OF_ORDERS = ("line", "order_time")  # row keys that two customers may share
# Of `parsed`: rows with all that an order needs, which no filter sets aside.
USABLE = "where _rule is null and " + " and ".join(
    f"{name} is not null" for name in ("customer_id", "order_id", "ordered_at", "amount")
)


def parsed_view(mapping: Mapping, reporting_zone: str, warehouse_currency: str, currency_stated: bool) -> str:
    """SQL that creates the view `parsed`: one row per row of raw.order_lines, and the unreadable with their reason.

    Columns: _line, _kind ('' or 'refund'), _content, _part, _version, _rule, _reason (null when readable), customer_id,
    email, name, order_id, ordered_at, amount and COLUMNS. A record with a refunded amount gives a second row.
    """
    mapping = in_currency(mapping, warehouse_currency)
    money = rate_of(mapping, warehouse_currency)
    customer = _customer(mapping)
    of_order = [customer if name == mapping.customer else whole(mapping, name) for name in mapping.order]
    number = f"row_number() over (partition by {', '.join(of_order)} order by _line)"
    place = f"case when {customer} is not null then {CUSTOMER} end"  # the id itself stays in pii
    order = " || '-' || ".join(place if sql == customer else sql for sql in of_order)
    order_id = f"{order} || '-' || {number}" if mapping.order_numbered else order
    amount = amount_in(mapping)
    if mapping.amount_once_per_order:
        amount = f"case when {number} > 1 then coalesce({amount}, 0) else {amount} end"
    if mapping.sign_column:
        negative = ", ".join(literal(value) for value in mapping.sign_negative)
        amount = f"case when {quoted(mapping.sign_column)} in ({negative}) then -abs({amount}) else {amount} end"
    items = {
        "_content": "_content",
        "_part": quoted(mapping.part) if mapping.part else "''",
        "_version": time_in(mapping, mapping.updated_at, reporting_zone),
        "_rule": _rule(mapping),
        "_reason": reason(mapping, reporting_zone, currency_stated, converted(amount, money)),
        "customer_id": customer,
        "email": column_or_null(mapping.email),
        "name": column_or_null(mapping.name),
        "may_contact": consent(mapping.consent),
        "order_id": order_id,
        "ordered_at": time_in(mapping, mapping.time, reporting_zone),
        "amount": converted(amount, money),
        **{name: value_of(mapping, name, money) for name in COLUMNS},
        "_refund": converted(f"-abs({number_in(mapping, mapping.refund_amount)})", money),
        "_refunded_at": time_in(mapping, mapping.refund_time or mapping.time, reporting_zone),
    }
    typed = ",\n    ".join(f"{sql} as {name}" for name, sql in items.items())
    sale = "select *, '' as _kind from typed"
    refund = (
        "select * replace (_refund as amount, _refunded_at as ordered_at, order_id as refund_of, "
        f"null as quantity, null as unit_price, null as discount, {RETURNED_COST} as cost, null as product_id, "
        "null as product_name, null as category), 'refund' as _kind from typed where _refund < 0 and _reason is null"
    )
    both = f"{sale} union all {refund}" if mapping.refund_amount else sale
    typed_rows = f"select _line, {typed} from carried"
    return f"create view parsed as with carried as ({_carried(mapping)}), typed as ({typed_rows}) {both}"


def repeats_table(mapping: Mapping) -> str:
    """SQL that creates repeats(_line, _kind, number): the rows whose row key's number is not 1, for every kind of key.

    Kept apart, and narrow, since windows over whole rows take several times as long.
    """
    if mapping.row_key == "line":
        return "create table repeats as select _line, _kind, 1 as number from parsed limit 0"
    if mapping.row_key == "content":
        number = "row_number() over (partition by _content, _part, _kind order by _line)"
        rows = f"select _line, _kind, {number} as number from parsed"
    else:
        # Equal rows share a number: an order's rows of one time are numbered by the first appearance of each content.
        same = "order_id, ordered_at, _kind"
        if mapping.row_key == "customer_order_time" or mapping.customer in mapping.order:
            same = f"customer_id, {same}"
        number = f"dense_rank() over (partition by {same} order by _first)"
        with_first = f"select _line, {same}, min(_line) over (partition by {same}, _content) as _first from parsed"
        rows = f"select _line, _kind, {number} as number from ({with_first})"
    return f"create table repeats as from ({rows}) where number > 1"


def export_query(mapping: Mapping) -> str:
    """SQL giving the readable rows of `parsed` as raw.order_lines wants them, keys and digests as bytes.

    Expects the tables customers(customer_id, customer_key blob), unreadable(_line) and repeats_table's.
    """
    named = {name: f"{_keyed(mapping, name)} as {name}" for name in ("order_id", "refund_of")}
    return f"""
        select
            _line, {_row_key(mapping)} as _row_key, unhex({CONTENT_HEX}) as _content, _version, _rule,
            customers.customer_key, {named["order_id"]}, ordered_at, amount,
            {", ".join(named.get(name, name) for name in COLUMNS)}, may_contact
        from parsed
        anti join unreadable using (_line)
        left join repeats using (_line, _kind)
        left join customers using (customer_id)
    """


def without_erased(query: str, mapping: Mapping, batch_id: int) -> str:
    """The rows of `export_query`, nothing but their place being left of those on the lines of the table erased(_line).

    A key that says nothing of the customer is kept until it is known whether somebody else's rows have it too.
    """
    empty = ("customer_key", "order_id", "ordered_at", "amount", *COLUMNS, "may_contact")
    values = {name: f"case when not is_gone then {name} end" for name in empty}
    values["_rule"] = f"case when is_gone then '{ERASED}' else _rule end"
    values["_content"] = f"case when is_gone then unhex('{'0' * 32}') else _content end"
    if mapping.row_key not in KEYS_OF_ORDERS:
        values["_row_key"] = f"case when is_gone then '{ERASED}|{batch_id}|' || _line else _row_key end"
        values["_version"] = "case when not is_gone then _version end"
    replaced = ", ".join(f"{value} as {name}" for name, value in values.items())
    marked = f"select *, _line in (select _line from erased) as is_gone from ({query})"
    return f"select * exclude (is_gone) replace ({replaced}) from ({marked})"


def _row_key(mapping: Mapping) -> str:
    number, order = "coalesce(number, 1)", _keyed(mapping, "order_id")
    if mapping.row_key == "content":
        key = f"{CONTENT_HEX} || '|' || {number}"
    elif mapping.row_key == "line":
        # A row without a line id is told apart by its content, so that no line of the order is lost.
        key = f"coalesce({order}, '') || '|' || coalesce(line_id, {CONTENT_HEX})"
    else:
        key = f"coalesce({order}, '') || '|' || coalesce(ordered_at::varchar, '') || '|' || {number}"
        if mapping.row_key == "customer_order_time":
            key = f"coalesce(lower(hex(customers.customer_key)), '') || '|' || {key}"
    return f"{key} || case when _kind = '' then '' else '|' || _kind end"


def _keyed(mapping: Mapping, column: str) -> str:
    """An order's number, the customer's key in the place kept for it: a pseudonym, as everywhere outside pii."""
    if mapping.customer not in mapping.order:
        return column
    return f"replace({column}, {CUSTOMER}, lower(hex(customers.customer_key)))"


def _customer(mapping: Mapping) -> str:
    customer = whole(mapping, mapping.customer)
    return f"lower({customer})" if mapping.customer_lower else customer


def _carried(mapping: Mapping) -> str:
    if not mapping.carry:
        return "from received"
    window = f"over (partition by {_names(mapping.order)} order by _line)"
    filled = ", ".join(
        f"coalesce({quoted(name)}, first_value({quoted(name)}) {window}) as {quoted(name)}" for name in mapping.carry
    )
    return f"select * replace ({filled}) from received"


def _names(columns: tuple[str, ...]) -> str:
    return ", ".join(quoted(name) for name in columns)


def _rule(mapping: Mapping) -> str:
    if not mapping.filters:
        return "null::varchar"
    cases = " ".join(f"when {meets(mapping, rule)} then {literal(rule.rule)}" for rule in mapping.filters)
    return f"case {cases} end"
