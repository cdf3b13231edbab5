"""The mapping language: one YAML in sources/ says which of a shop's columns is what. docs/sources.md explains it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import yaml

from clv import settings
from clv.errors import ClvError
from clv.ingest.received import first_line

SHIPPED = settings.PROJECT / "sources"
# Optional columns of raw.order_lines that a mapping may fill, and which of them are numbers.
COLUMNS = (
    "line_id", "quantity", "unit_price", "discount", "cost", "product_id", "product_name", "category", "channel",
    "country", "status", "refund_of",
)  # fmt: skip
NUMBERS = ("quantity", "unit_price", "discount", "cost")
# What staging says of a row itself: no filter may be called so.
VERDICTS = ("accepted", "duplicate", "replaced", "withdrawn", "unreadable")
ROW_KEYS = ("line", "customer_order_time", "order_time", "content")
CONDITIONS = ("equals", "matches", "at_most", "present")
KNOWN = {
    "mapping": (
        "description", "file", "customer", "customer_namespace", "person", "order", "time", "time_zone", "amount",
        "currency", "columns", "row_key", "part", "sign", "refund", "carry", "filters", "updated_at",
    ),
    "file": ("encoding", "delimiter", "header", "decimal", "thousands", "missing"),
    "customer": ("column", "lower", "whole_number"),
    "person": ("email", "name"),
    "order": ("column", "columns", "number", "whole_number"),
    "time": ("column", "formats"),
    "amount": ("column", "quantity", "price", "once_per_order"),
    "currency": ("code", "column", "rates"),
    "columns": COLUMNS,
    "sign": ("column", "negative"),
    "refund": ("amount", "time"),
    "filters": ("rule", "column", *CONDITIONS),
}  # fmt: skip


@dataclass(frozen=True)
class Filter:
    """Sets rows aside under the name `rule` where `column` meets the condition (one of CONDITIONS)."""

    rule: str
    column: str
    condition: str
    value: object


@dataclass(frozen=True)
class Mapping:
    """A checked mapping. Columns are the shop's names; a name in `optional` may be absent from a file."""

    source: str
    customer: str
    order: tuple[str, ...]
    time: str
    amount: str | None
    price: str | None = None
    customer_lower: bool = False
    whole_number: tuple[str, ...] = ()
    customer_namespace: str | None = None
    order_numbered: bool = False
    amount_once_per_order: bool = False
    time_formats: tuple[str, ...] = ()
    time_zone: str | None = None
    columns: dict[str, str] = field(default_factory=dict)
    email: str | None = None
    name: str | None = None
    row_key: str = "customer_order_time"
    part: str | None = None
    sign_column: str | None = None
    sign_negative: tuple[str, ...] = ()
    refund_amount: str | None = None
    refund_time: str | None = None
    carry: tuple[str, ...] = ()
    filters: tuple[Filter, ...] = ()
    updated_at: str | None = None
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
        names = [
            self.customer, *self.order, self.time, self.amount, self.price, *self.columns.values(), self.email,
            self.name, self.part, self.sign_column, self.refund_amount, self.refund_time, *self.carry,
            *(rule.column for rule in self.filters), self.updated_at, self.currency_column,
        ]  # fmt: skip
        return list(dict.fromkeys(name for name in names if name))

    @property
    def sha256(self) -> str:
        """Digest of what the mapping says; comments and layout do not count."""
        said = {**asdict(self), "optional": sorted(self.optional)}
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def known_sources(home: settings.Settings) -> dict[str, Path]:
    """Mappings by name: the shop's own in $CLV_HOME/sources come before the shipped ones."""
    return {path.stem: path for folder in (SHIPPED, home.home / "sources") for path in sorted(folder.glob("*.yml"))}


def load_mapping(source: str, home: settings.Settings) -> Mapping:
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


def parse(source: str, said: object, place: str) -> Mapping:
    """Checks what a mapping says. Raises ClvError naming the file, the key and the mend."""
    said = _part("mapping", said, place)
    for required in ("customer", "order", "time", "amount"):
        if not said.get(required):
            raise ClvError(f"{place} lacks '{required}'; say which column holds it, for example {required}: {required}")
    optional: set[str] = set()

    def column(value: object, key: str) -> str | None:
        if value is None:
            return None
        if not isinstance(value, str):
            raise ClvError(f"{place}: '{key}' must be the name of a column, not {value!r}; quote it if it is a number")
        if value.endswith("?"):
            optional.add(value[:-1])
            return value[:-1]
        return value

    def part(key: str, short: str = "column") -> dict:
        value = said.get(key)
        if value is None:
            return {}
        return _part(key, {short: value} if isinstance(value, str) else value, place)

    def text(value: object, key: str) -> str | None:
        if value is not None and not isinstance(value, str):
            raise ClvError(f"{place}: '{key}' must be a text, not {value!r}; put it in quotes")
        return value

    customer, order, time, amount = part("customer"), part("order"), part("time"), part("amount")
    columns = {
        name: column(value, f"columns.{name}") or ""
        for name, value in _part("columns", said.get("columns") or {}, place).items()
    }
    if bool(amount.get("column")) == bool(amount.get("price")):
        raise ClvError(f"{place}: 'amount' is either a column, or a quantity and a price; name one of the two")
    if amount.get("price"):
        if not amount.get("quantity"):
            raise ClvError(f"{place}: 'amount' has a price but no quantity; add quantity: and the column's name")
        columns["quantity"] = column(amount["quantity"], "amount.quantity") or ""
        columns.setdefault("unit_price", column(amount["price"], "amount.price") or "")
    order_columns = _list(order.get("columns") or [order.get("column")], f"{place}: 'order.columns'")
    named = {"customer": [customer.get("column")], "order": order_columns, "time": [time.get("column")]}
    for key, names in named.items():
        if not all(names):
            raise ClvError(f"{place}: '{key}' names no column; add column: and its name")
    file, person, sign, refund, currency = (
        part("file"), part("person"), part("sign"), part("refund", "amount"), part("currency", "code"),
    )  # fmt: skip
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
            if name
        ),
        customer_namespace=text(said.get("customer_namespace"), "customer_namespace"),
        order=tuple(column(name, "order") or "" for name in order_columns),
        order_numbered=bool(order.get("number")),
        time=column(time.get("column"), "time.column") or "",
        time_formats=_formats(time.get("formats"), place),
        time_zone=checked_zone(said.get("time_zone"), place),
        amount=column(amount.get("column"), "amount.column"),
        price=column(amount.get("price"), "amount.price"),
        amount_once_per_order=bool(amount.get("once_per_order")),
        columns=columns,
        email=column(person.get("email"), "person.email"),
        name=column(person.get("name"), "person.name"),
        row_key=said.get("row_key") or ("line" if "line_id" in columns else "customer_order_time"),
        part=column(said.get("part"), "part"),
        sign_column=column(sign.get("column"), "sign.column"),
        sign_negative=_texts(sign.get("negative"), f"{place}: 'sign.negative'"),
        refund_amount=column(refund.get("amount"), "refund.amount"),
        refund_time=column(refund.get("time"), "refund.time"),
        carry=tuple(column(name, "carry") or "" for name in _list(said.get("carry"), f"{place}: 'carry'")),
        filters=tuple(_filter(rule, column, place) for rule in _list(said.get("filters"), f"{place}: 'filters'")),
        updated_at=column(said.get("updated_at"), "updated_at"),
        currency=text(currency.get("code"), "currency"),
        currency_column=column(currency.get("column"), "currency.column"),
        rates=_rates(currency.get("rates") or {}, place),
        encoding=_encoding(file.get("encoding") or "utf-8", place),
        delimiter=text(file.get("delimiter"), "file.delimiter") or ",",
        header=_texts(file.get("header"), f"{place}: 'file.header'"),
        decimal=file.get("decimal") or ".",
        thousands=text(file.get("thousands"), "file.thousands") or "",
        missing=_texts(file.get("missing"), f"{place}: 'file.missing'"),
        optional=frozenset(optional),
    )
    _agree(mapping, place)
    return mapping


def _part(key: str, said: object, place: str) -> dict:
    if not isinstance(said, dict):
        raise ClvError(f"{place}: '{key}' must hold keys and values; known keys are {', '.join(KNOWN[key])}")
    unknown = [str(name) for name in said if name not in KNOWN[key]]
    if unknown:
        where = "" if key == "mapping" else f" under '{key}'"
        raise ClvError(f"{place} has the unknown key '{unknown[0]}'{where}; known keys are {', '.join(KNOWN[key])}")
    return said


def _filter(said: object, column, place: str) -> Filter:  # noqa: ANN001
    said = _part("filters", said, place)
    conditions = [name for name in CONDITIONS if name in said]
    if not said.get("rule") or not said.get("column") or len(conditions) != 1:
        raise ClvError(
            f"{place}: each of 'filters' has a rule, a column and one of {', '.join(CONDITIONS)}; not {said}"
        )
    rule = said["rule"]
    if not isinstance(rule, str) or rule in VERDICTS or rule.startswith("missing_"):
        raise ClvError(
            f"{place}: a rule of 'filters' cannot be called {rule!r}; give it a name of its own, not one of "
            f"{', '.join(VERDICTS)}, missing_…"
        )
    value: Any = said[conditions[0]]
    if conditions[0] == "equals":
        value = tuple(str(item) for item in (value if isinstance(value, list) else [value]))
    if conditions[0] == "at_most" and not isinstance(value, int | float):
        raise ClvError(f"{place}: 'at_most' of the rule {said['rule']} must be a number, not {value!r}")
    if conditions[0] == "matches":
        _try("regexp_matches('', ?)", str(value), f"{place}: 'matches' of the rule {rule} is no pattern of RE2's")
    return Filter(said["rule"], column(said["column"], "filters.column"), conditions[0], value)


def _try(expression: str, value: str, complaint: str) -> None:
    """What DuckDB does not take of a mapping is said when the mapping is read, not in the middle of a file."""
    try:
        with duckdb.connect() as duck:
            duck.execute(f"select {expression}", [value])
    except duckdb.Error as error:
        raise ClvError(f"{complaint} ({first_line(error)}); correct {value!r}") from None


def _formats(value: object, place: str) -> tuple[str, ...]:
    formats = _texts(value, f"{place}: 'time.formats'")
    for form in formats:
        _try("try_strptime('', ?)", form, f"{place}: 'time.formats' has one that is none")
    return formats


def _list(value: object, what: str) -> list[Any]:
    if value is not None and not isinstance(value, list):
        raise ClvError(f"{what} must be a list, not {value!r}; put it in brackets")
    return value or []


def _texts(value: object, what: str) -> tuple[str, ...]:
    values: list[Any] = value if isinstance(value, list) else [] if value is None else [value]
    if not all(isinstance(item, str) for item in values):
        raise ClvError(f"{what} must be a list of texts; put each in quotes")
    return tuple(values)


def _rates(rates: object, place: str) -> dict[str, str]:
    try:
        read = {str(code): Decimal(str(rate)) for code, rate in dict(rates).items()}  # type: ignore[call-overload]
        if all(rate.is_finite() and 0 < rate < 10**8 and rate == round(rate, 10) for rate in read.values()):
            return {code: f"{rate:f}" for code, rate in read.items()}
    except (TypeError, ValueError, InvalidOperation):
        pass
    raise ClvError(f"{place}: 'currency.rates' gives each currency a number above 0, 10 decimals at most: USD: 0.92")


def checked_zone(name: str | None, place: str) -> str | None:
    """The name of a time zone, if there is such a zone; else raises ClvError naming the place that says it."""
    if name is not None:
        try:
            ZoneInfo(name)
        except (KeyError, OSError, ValueError, TypeError):
            raise ClvError(f"{place}: there is no time zone '{name}'; write it as in Europe/London") from None
    return name


def _encoding(name: str, place: str) -> str:
    try:
        "".encode(name)
    except (LookupError, TypeError):
        raise ClvError(
            f"{place}: there is no encoding '{name}'; common ones are utf-8, latin-1, cp1252, utf-16"
        ) from None
    return name


def _agree(mapping: Mapping, place: str) -> None:
    if mapping.row_key not in ROW_KEYS:
        raise ClvError(f"{place}: row_key '{mapping.row_key}' is unknown; it is one of {', '.join(ROW_KEYS)}")
    if mapping.row_key == "line" and "line_id" not in mapping.columns:
        raise ClvError(f"{place}: row_key 'line' needs columns.line_id; name the column or drop row_key")
    if mapping.part and mapping.row_key != "content":
        raise ClvError(f"{place}: 'part' goes with row_key: content; add that or drop 'part'")
    if mapping.sign_column and not mapping.sign_negative:
        raise ClvError(f"{place}: 'sign' names a column but no values; add negative: [refund]")
    if mapping.decimal not in (".", ",") or mapping.decimal == mapping.thousands:
        raise ClvError(f"{place}: 'file.decimal' is '.' or ',' and differs from 'file.thousands'")
    always = mapping.optional & {mapping.customer, *mapping.order, mapping.time, mapping.amount or mapping.price or ""}
    if always:
        raise ClvError(f"{place}: customer, order, time and amount are required; take the ? off '{sorted(always)[0]}?'")
