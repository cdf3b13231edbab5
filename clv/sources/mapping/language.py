"""The mapping language: one YAML in sources/ says which of a shop's columns is what. docs/sources.md explains it."""

from __future__ import annotations

from pathlib import Path

import yaml

from clv.core import settings
from clv.core.errors import ClvError
from clv.sources.mapping.model import FileMapping, Mapping, SpendMapping
from clv.sources.mapping.parts import UNTIL_HEADER, amount_of, filters_of, of_columns, of_file, time_of
from clv.sources.mapping.values import (
    ROW_KEYS,
    THOUSANDS,
    Said,
    keys_and_values,
    listed,
    row_key_of,
    texts,
    time_formats,
)

SHIPPED = settings.PROJECT / "sources"
KINDS = ("orders", "spend")  # of what a source brings


def known_sources(home: settings.Settings) -> dict[str, Path]:
    """Mappings by name: the shop's own in $CLV_HOME/sources come before the shipped ones."""
    return {path.stem: path for folder in (SHIPPED, home.home / "sources") for path in sorted(folder.glob("*.yml"))}


def load_mapping(source: str, home: settings.Settings) -> Mapping | SpendMapping:
    """The mapping of a source. Raises ClvError when there is none of that name, or naming what is wrong in it."""
    sources = known_sources(home)
    if source not in sources:
        raise ClvError(f"there is no source '{source}'; known sources are {', '.join(sorted(sources))}")
    path = sources[source]
    try:
        said = yaml.safe_load(path.read_text())
    except yaml.YAMLError as error:
        raise ClvError(f"{path.name} is not YAML: {' '.join(str(error).split())}") from None
    return parse(source, said, path.name)


def parse(source: str, said: object, place: str) -> Mapping | SpendMapping:
    """Checks what a mapping says. Raises ClvError naming the file, the key and the mend."""
    kind = said.get("kind", "orders") if isinstance(said, dict) else "orders"
    if kind not in KINDS:
        raise ClvError(f"{place}: 'kind' is one of {', '.join(KINDS)}; not {kind!r}")
    mapping = (
        _orders(source, Said(said, "mapping", place))
        if kind == "orders"
        else _spend(source, Said(said, "spend", place))
    )
    _agree_on_file(mapping, place)
    return mapping


def _orders(source: str, said: Said) -> Mapping:
    place, column = said.place, said.column
    said.require("customer", "order", "time", "amount")
    customer, order, time, amount = (said.part(key) for key in ("customer", "order", "time", "amount"))
    columns = {
        name: column(value, f"columns.{name}") or ""
        for name, value in keys_and_values("columns", said.get("columns") or {}, place).items()
    }
    of_amount = amount_of(said)
    if amount.get("price"):
        columns["quantity"] = column(amount["quantity"], "amount.quantity") or ""
        columns.setdefault("unit_price", column(amount["price"], "amount.price") or "")
    order_columns = listed(order.get("columns") or [order.get("column")], f"{place}: 'order.columns'")
    named = {"customer": [customer.get("column")], "order": order_columns, "time": [time.get("column")]}
    for key, names in named.items():
        if not all(names):
            raise ClvError(f"{place}: '{key}' names no column; add column: and its name")
    order_columns = [column(name, "order") or "" for name in order_columns]
    person, sign, refund = said.part("person"), said.part("sign"), said.part("refund", "amount")
    customer_column = column(customer.get("column"), "customer.column") or ""
    mapping = Mapping(
        source=source,
        customer=customer_column,
        customer_lower=bool(customer.get("lower")),
        whole_number=tuple(
            name
            for item, names in ((customer, [customer_column]), (order, order_columns))
            if item.get("whole_number")
            for name in names
        ),
        customer_namespace=said.text(said.get("customer_namespace"), "customer_namespace"),
        order=tuple(order_columns),
        order_numbered=bool(order.get("number")),
        **time_of(said),
        **of_amount,
        columns=columns,
        email=column(person.get("email"), "person.email"),
        name=column(person.get("name"), "person.name"),
        consent=column(person.get("consent"), "person.consent"),
        row_key=row_key_of(said, columns),
        part=column(said.get("part"), "part"),
        sign_column=column(sign.get("column"), "sign.column"),
        sign_negative=texts(sign.get("negative"), f"{place}: 'sign.negative'"),
        refund_amount=column(refund.get("amount"), "refund.amount"),
        refund_time=column(refund.get("time"), "refund.time"),
        refund_once_per_order=refund.get("once_per_order"),
        carry=tuple(column(name, "carry") or "" for name in listed(said.get("carry"), f"{place}: 'carry'")),
        filters=filters_of(said),
        updated_at=column(said.get("updated_at"), "updated_at"),
        **of_file(said),
        **of_columns(said),
    )
    _agree(mapping, place)
    return mapping


def _spend(source: str, said: Said) -> SpendMapping:
    said.require("day", "channel", "amount")
    day = said.part("day")
    mapping = SpendMapping(
        source=source,
        day=said.column(day.get("column"), "day.column") or "",
        time_formats=time_formats(day.get("formats"), said.place, "day"),
        channel=said.column(said.get("channel"), "channel") or "",
        amount=said.column(said.get("amount"), "amount") or "",
        campaign=said.column(said.get("campaign"), "campaign"),
        filters=filters_of(said),
        **of_file(said),
        **of_columns(said),
    )
    if not mapping.day:
        raise ClvError(f"{said.place}: 'day' names no column; add column: and its name")
    if always := mapping.optional & {mapping.day, mapping.channel, mapping.amount}:
        raise ClvError(f"{said.place}: day, channel and amount are required; take the ? off '{sorted(always)[0]}?'")
    return mapping


def _agree_on_file(mapping: FileMapping, place: str) -> None:
    if mapping.decimal not in (".", ",") or mapping.decimal == mapping.thousands:
        raise ClvError(f"{place}: 'file.decimal' is '.' or ',' and differs from 'file.thousands'")
    if mapping.thousands not in ("", *THOUSANDS):
        marks = "a point, a comma, a blank or an apostrophe"
        raise ClvError(f"{place}: 'file.thousands' is {marks}; not {mapping.thousands!r}")
    if mapping.delimiter != "whitespace" and (len(mapping.delimiter) != 1 or mapping.delimiter in '"\r\n'):
        raise ClvError(f"{place}: 'file.delimiter' is one character, or whitespace; not {mapping.delimiter!r}")
    if mapping.header and mapping.skip == UNTIL_HEADER:
        raise ClvError(f"{place}: 'file.skip: {UNTIL_HEADER}' looks for a header and 'file.header' says there is none")


def _agree(mapping: Mapping, place: str) -> None:
    if mapping.row_key not in ROW_KEYS:
        raise ClvError(f"{place}: row_key '{mapping.row_key}' is unknown; it is one of {', '.join(ROW_KEYS)}")
    if mapping.row_key == "line" and "line_id" not in mapping.columns:
        raise ClvError(f"{place}: row_key 'line' needs columns.line_id; name the column or drop row_key")
    if mapping.part and mapping.row_key != "content":
        raise ClvError(f"{place}: 'part' goes with row_key: content; add that or drop 'part'")
    if mapping.sign_column and not mapping.sign_negative:
        raise ClvError(f"{place}: 'sign' names a column but no values; add negative: [refund]")
    if persons := {mapping.email, mapping.name} & set(mapping.order) - {mapping.customer}:
        raise ClvError(f"{place}: 'order' is kept outside of pii; take '{sorted(map(str, persons))[0]}' out of it")
    always = mapping.optional & {mapping.customer, *mapping.order, mapping.time, mapping.amount or mapping.price or ""}
    if mapping.amount_sum and mapping.optional >= set(mapping.amount_sum):
        always = mapping.optional & {mapping.amount_sum[0]}
    if always:
        raise ClvError(f"{place}: customer, order, time and amount are required; take the ? off '{sorted(always)[0]}?'")
