"""The mapping language: one YAML in sources/ says which of a shop's columns is what. docs/sources.md explains it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import yaml

from clv import settings
from clv.errors import ClvError
from clv.ingest.mapping_values import (
    DIGESTED_ROW_KEYS,
    NUMBERS,
    ROW_KEYS,
    THOUSANDS,
    Filter,
    Said,
    checked_zone,
    exchange_rates,
    filter_of,
    keys_and_values,
    known_encoding,
    listed,
    row_key_of,
    texts,
    time_formats,
)

SHIPPED = settings.PROJECT / "sources"
KINDS = ("orders", "spend")  # of what a source brings


@dataclass(frozen=True, kw_only=True)
class FileMapping:
    """What every kind of mapping says: how its files are written, and in which currency. Columns are the shop's names;
    a name in `optional` may be absent from a file."""

    kind: ClassVar[str]
    source: str
    customer_namespace: str | None = None
    time_formats: tuple[str, ...] = ()
    time_zone: str | None = None
    part: str | None = None
    currency: str | None = None
    currency_column: str | None = None
    rates: dict[str, str] = field(default_factory=dict)
    encoding: str = "utf-8"
    delimiter: str = ","
    header: tuple[str, ...] = ()
    decimal: str = "."
    thousands: str = ""
    missing: tuple[str, ...] = ()
    optional: frozenset[str] = frozenset()

    @property
    def wanted(self) -> list[str]:
        """Every column of the shop's file that the mapping reads, each once."""
        raise NotImplementedError

    @property
    def numbers(self) -> list[str]:
        """Those of the columns that are read as numbers, each once."""
        raise NotImplementedError

    @property
    def sha256(self) -> str:
        """Digest of what the mapping says; comments and layout do not count."""
        said = {**asdict(self), "optional": sorted(self.optional)}
        for name in ("consent", "refund_once_per_order"):
            if said.get(name) is None:  # a mapping that says nothing of it is what it was before there was such a key
                said.pop(name, None)
        if "row_key" in said:
            said["row_key"] = DIGESTED_ROW_KEYS.get(said["row_key"], said["row_key"])
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class SpendMapping(FileMapping):
    """A checked mapping of ad spend."""

    kind = "spend"
    day: str
    channel: str
    amount: str
    campaign: str | None = None

    @property
    def wanted(self) -> list[str]:
        names = [self.day, self.channel, self.amount, self.campaign, self.currency_column]
        return list(dict.fromkeys(name for name in names if name))

    @property
    def numbers(self) -> list[str]:
        return [self.amount]


@dataclass(frozen=True, kw_only=True)
class Mapping(FileMapping):
    """A checked mapping of orders."""

    kind = "orders"
    customer: str
    order: tuple[str, ...]
    time: str
    amount: str | None
    price: str | None = None
    customer_lower: bool = False
    whole_number: tuple[str, ...] = ()
    order_numbered: bool = False
    amount_once_per_order: bool = False
    columns: dict[str, str] = field(default_factory=dict)
    email: str | None = None
    name: str | None = None
    consent: str | None = None
    row_key: str = "customer_order"
    sign_column: str | None = None
    sign_negative: tuple[str, ...] = ()
    refund_amount: str | None = None
    refund_time: str | None = None
    refund_once_per_order: bool | None = None
    carry: tuple[str, ...] = ()
    filters: tuple[Filter, ...] = ()
    updated_at: str | None = None

    @property
    def refunded_once_per_order(self) -> bool:
        """Whether a refunded amount is of the whole order: as the mapping says, else where its amount is."""
        once = self.amount_once_per_order if self.refund_once_per_order is None else self.refund_once_per_order
        return bool(self.refund_amount and once)

    @property
    def says_whole_orders(self) -> bool:
        """Whether the newest delivery of an order says what the order is, so that it replaces all earlier ones."""
        return self.row_key in ("order", "customer_order")

    @property
    def wanted(self) -> list[str]:
        names = [
            self.customer, *self.order, self.time, self.amount, self.price, *self.columns.values(), self.email,
            self.name, self.consent, self.part, self.sign_column, self.refund_amount, self.refund_time, *self.carry,
            *(rule.column for rule in self.filters), self.updated_at, self.currency_column,
        ]  # fmt: skip
        return list(dict.fromkeys(name for name in names if name))

    @property
    def numbers(self) -> list[str]:
        names = [self.amount, self.price, self.refund_amount, *(self.columns.get(name) for name in NUMBERS)]
        return list(dict.fromkeys(name for name in names if name))


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
    if bool(amount.get("column")) == bool(amount.get("price")):
        raise ClvError(f"{place}: 'amount' is either a column, or a quantity and a price; name one of the two")
    if amount.get("price"):
        if not amount.get("quantity"):
            raise ClvError(f"{place}: 'amount' has a price but no quantity; add quantity: and the column's name")
        columns["quantity"] = column(amount["quantity"], "amount.quantity") or ""
        columns.setdefault("unit_price", column(amount["price"], "amount.price") or "")
    order_columns = listed(order.get("columns") or [order.get("column")], f"{place}: 'order.columns'")
    named = {"customer": [customer.get("column")], "order": order_columns, "time": [time.get("column")]}
    for key, names in named.items():
        if not all(names):
            raise ClvError(f"{place}: '{key}' names no column; add column: and its name")
    person, sign, refund = said.part("person"), said.part("sign"), said.part("refund", "amount")
    customer_column = column(customer.get("column"), "customer.column") or ""
    of_file = _of_file(said)
    mapping = Mapping(
        source=source,
        customer=customer_column,
        customer_lower=bool(customer.get("lower")),
        whole_number=tuple(
            name
            for item, names in ((customer, [customer_column]), (order, order_columns))
            if item.get("whole_number")
            for name in names
            if name
        ),
        customer_namespace=said.text(said.get("customer_namespace"), "customer_namespace"),
        order=tuple(column(name, "order") or "" for name in order_columns),
        order_numbered=bool(order.get("number")),
        time=column(time.get("column"), "time.column") or "",
        time_formats=time_formats(time.get("formats"), place),
        time_zone=checked_zone(said.get("time_zone"), place),
        amount=column(amount.get("column"), "amount.column"),
        price=column(amount.get("price"), "amount.price"),
        amount_once_per_order=bool(amount.get("once_per_order")),
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
        filters=tuple(filter_of(rule, column, place) for rule in listed(said.get("filters"), f"{place}: 'filters'")),
        updated_at=column(said.get("updated_at"), "updated_at"),
        **of_file,
        optional=frozenset(said.optional),
    )
    _agree(mapping, place)
    return mapping


def _spend(source: str, said: Said) -> SpendMapping:
    said.require("day", "channel", "amount")
    day = said.part("day")
    of_file = _of_file(said)
    mapping = SpendMapping(
        source=source,
        day=said.column(day.get("column"), "day.column") or "",
        time_formats=time_formats(day.get("formats"), said.place, "day"),
        channel=said.column(said.get("channel"), "channel") or "",
        amount=said.column(said.get("amount"), "amount") or "",
        campaign=said.column(said.get("campaign"), "campaign"),
        **of_file,
        optional=frozenset(said.optional),
    )
    if not mapping.day:
        raise ClvError(f"{said.place}: 'day' names no column; add column: and its name")
    if always := mapping.optional & {mapping.day, mapping.channel, mapping.amount}:
        raise ClvError(f"{said.place}: day, channel and amount are required; take the ? off '{sorted(always)[0]}?'")
    return mapping


def _of_file(said: Said) -> dict[str, Any]:
    """What every kind of mapping says, as arguments of FileMapping."""
    file, currency = said.part("file"), said.part("currency", "code")
    return {
        "currency": said.text(currency.get("code"), "currency"),
        "currency_column": said.column(currency.get("column"), "currency.column"),
        "rates": exchange_rates(currency.get("rates") or {}, said.place),
        "encoding": known_encoding(file.get("encoding") or "utf-8", said.place),
        "delimiter": said.text(file.get("delimiter"), "file.delimiter") or ",",
        "header": texts(file.get("header"), f"{said.place}: 'file.header'"),
        "decimal": file.get("decimal") or ".",
        "thousands": said.text(file.get("thousands"), "file.thousands") or "",
        "missing": texts(file.get("missing"), f"{said.place}: 'file.missing'"),
    }


def _agree_on_file(mapping: FileMapping, place: str) -> None:
    if mapping.decimal not in (".", ",") or mapping.decimal == mapping.thousands:
        raise ClvError(f"{place}: 'file.decimal' is '.' or ',' and differs from 'file.thousands'")
    if mapping.thousands not in ("", *THOUSANDS):
        marks = "a point, a comma, a blank or an apostrophe"
        raise ClvError(f"{place}: 'file.thousands' is {marks}; not {mapping.thousands!r}")
    if mapping.delimiter != "whitespace" and (len(mapping.delimiter) != 1 or mapping.delimiter in '"\r\n'):
        raise ClvError(f"{place}: 'file.delimiter' is one character, or whitespace; not {mapping.delimiter!r}")


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
    if always:
        raise ClvError(f"{place}: customer, order, time and amount are required; take the ? off '{sorted(always)[0]}?'")
