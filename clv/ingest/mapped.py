"""A mapping as SQL: from `received` (the shop's columns, as text) to `parsed` (ours, typed), to raw.order_lines."""

from __future__ import annotations

from clv.ingest.mapping import FileMapping, Mapping
from clv.ingest.mapping_values import COLUMNS, NUMBERS, Filter
from clv.ingest.received import LONGEST_FIELD, literal, quoted

# 28 digits before the point and 10 after it; the product of two has 18 and 20, and none overflows unseen.
NUMBER = "decimal(38, 10)"
RATE = "decimal(18, 10)"
CONTENT_HEX = "lpad(to_hex(_content), 32, '0')"
# A time that states its offset from UTC: 2024-03-01 10:00:00 +0100, 2024-03-01T09:00:00Z; or its zone: … Europe/Rome.
OFFSET = r"\d\d:\d\d[^+-]*(Z|[+-]\d\d(:?\d\d)?)$"
NO_OFFSET = r":.*[+-](1[5-9]|[2-9]\d)(:?\d\d)?$"  # none is of 15 hours or more
ZONE = r"\d [A-Za-z][A-Za-z_]{2,}[A-Za-z_/+-]*\d*$"
PLAIN = r"[-0-9/]+([ T][0-9:.]*)?"  # neither
# Orders are dated from FIRST to LAST. 1970-01-01 and 9999-12-31 are what programs write for no time at all.
FIRST, LAST = 1971, 2199
CURRENCY = "[A-Z]{3}"
# What was paid for goods that came back: of a record's cost the share that was refunded of its amount.
RETURNED_COST = f"case when amount > 0 then round(cost::double * least(-_refund / amount, 1)::double, 4)::{NUMBER} end"
CUSTOMER = "chr(1)"  # stands for the customer's key in an order's number, until the key is known
YES, NO = ("yes", "true", "1", "y", "t", "subscribed"), ("no", "false", "0", "n", "f", "unsubscribed")
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
    money = rate_of(mapping, warehouse_currency)
    customer = _customer(mapping)
    of_order = [customer if name == mapping.customer else _whole(mapping, name) for name in mapping.order]
    number = f"row_number() over (partition by {', '.join(of_order)} order by _line)"
    place = f"case when {customer} is not null then {CUSTOMER} end"  # the id itself stays in pii
    order = " || '-' || ".join(place if sql == customer else sql for sql in of_order)
    order_id = f"{order} || '-' || {number}" if mapping.order_numbered else order
    if mapping.amount:
        amount = number_in(mapping, mapping.amount)
    else:
        amount = f"try({number_in(mapping, mapping.columns['quantity'])} * {number_in(mapping, mapping.price)})"
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
        "_reason": _reason(mapping, reporting_zone, currency_stated, converted(amount, money)),
        "customer_id": customer,
        "email": column_or_null(mapping.email),
        "name": column_or_null(mapping.name),
        "may_contact": _consent(mapping.consent),
        "order_id": order_id,
        "ordered_at": time_in(mapping, mapping.time, reporting_zone),
        "amount": converted(amount, money),
        **{name: _value(mapping, name, money) for name in COLUMNS},
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
    customer = _whole(mapping, mapping.customer)
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


def column_or_null(name: str | None) -> str:
    return quoted(name) if name else "null::varchar"


def _consent(column: str | None) -> str:
    """Whether the customer may be written to; what is neither yes nor no says nothing."""
    if not column:
        return "null::boolean"
    text = f"lower({quoted(column)})"
    return f"case when {text} in {YES} then true when {text} in {NO} then false end"


def _whole(mapping: Mapping, name: str) -> str:
    return rf"regexp_replace({quoted(name)}, '\.0+$', '')" if name in mapping.whole_number else quoted(name)


def _value(mapping: Mapping, name: str, money: str) -> str:
    column = mapping.columns.get(name)
    if name not in NUMBERS:
        return column_or_null(column)
    value = number_in(mapping, column)
    return value if name == "quantity" else converted(value, money)


def number_in(mapping: FileMapping, column: str | None) -> str:
    if not column:
        return f"null::{NUMBER}"
    text = quoted(column)
    if mapping.thousands:
        text = f"replace({text}, {literal(mapping.thousands)}, '')"
    if mapping.decimal == ",":
        text = f"replace({text}, ',', '.')"
    return f"try_cast({text} as {NUMBER})"


def rate_of(mapping: FileMapping, warehouse_currency: str) -> str:
    """An expression for the rate into the warehouse's currency; '' where everything is in it already."""
    rates = {code: rate for code, rate in mapping.rates.items() if code != warehouse_currency}
    if mapping.currency_column:
        cases = " ".join(f"when {literal(code)} then {rate}" for code, rate in rates.items())
        return f"(case {quoted(mapping.currency_column)} {cases} else 1 end)::{RATE}" if cases else ""
    rate = rates.get(mapping.currency or "")
    return f"{rate}::{RATE}" if rate else ""


def converted(value: str, money: str) -> str:
    return f"try(({value})::{NUMBER} * {money})" if money else value


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


def _rule(mapping: Mapping) -> str:
    if not mapping.filters:
        return "null::varchar"
    cases = " ".join(f"when {_meets(mapping, rule)} then {literal(rule.rule)}" for rule in mapping.filters)
    return f"case {cases} end"


def _meets(mapping: Mapping, rule: Filter) -> str:
    column = quoted(rule.column)
    if rule.condition == "equals":
        return f"{column} in ({', '.join(literal(str(value)) for value in rule.value)})"  # type: ignore[union-attr]
    if rule.condition == "matches":
        return f"regexp_matches({column}, {literal(str(rule.value))})"
    if rule.condition == "at_most":
        return f"{number_in(mapping, rule.column)} <= {rule.value}"
    return f"{column} is {'not null' if rule.value else 'null'}"


def _reason(mapping: Mapping, reporting_zone: str, currency_stated: bool, amount: str) -> str:
    """Why a row is unreadable: a value that is present and cannot be what it should. Null when all can."""
    cases = []
    for column in dict.fromkeys(filter(None, (mapping.time, mapping.refund_time, mapping.updated_at))):
        moment = time_in(mapping, column, reporting_zone)
        bad = f"{quoted(column)} is not null and coalesce(year({moment}) not between {FIRST} and {LAST}, true)"
        cases.append(complaint(f"{bad} and {moment} is null", column, "is not a time"))
        cases.append(complaint(bad, column, f"is not from {FIRST} to {LAST}"))
    numbers = [mapping.amount, mapping.price, mapping.refund_amount, *(mapping.columns.get(name) for name in NUMBERS)]
    for column in dict.fromkeys(filter(None, numbers)):
        bad = f"{quoted(column)} is not null and {number_in(mapping, column)} is null"
        cases.append(complaint(bad, column, "is not a number"))
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


def complaint(condition: str, column: str, says: str) -> str:
    """A case for a value that is there and is not what it should be."""
    shown = f"left({quoted(column)}, 100)"
    return f"when {condition} then {literal(column + ' ')} || chr(39) || {shown} || {literal(chr(39) + ' ' + says)}"
