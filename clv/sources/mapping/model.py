"""What a checked mapping holds, and its digest."""

from __future__ import annotations

import hashlib
import json
from dataclasses import MISSING, asdict, dataclass, field, fields
from typing import ClassVar

from clv.sources.mapping.values import DIGESTED_ROW_KEYS, NUMBERS, Filter

# Of a key that came to be later. A mapping that says nothing of it has the digest that it had before, so that no file
# is loaded anew for a new key.
ADDED = {"added": True}


@dataclass(frozen=True, kw_only=True)
class FileMapping:
    """What every kind of mapping says: how its files are written, and in which currency. Columns are the shop's names;
    a name in `optional` may be absent from a file, one in `alternatives` is called so, or matches so, in files; one in
    `in_names` is no column but what the name of a column holds, by a pattern."""

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
    alternatives: dict[str, tuple[str, ...]] = field(default_factory=dict, metadata=ADDED)
    in_names: dict[str, str] = field(default_factory=dict, metadata=ADDED)
    minor_units: bool = field(default=False, metadata=ADDED)
    skip: int | str = field(default=0, metadata=ADDED)
    sheet: str | None = field(default=None, metadata=ADDED)
    explode: str | None = field(default=None, metadata=ADDED)

    @property
    def wanted(self) -> list[str]:
        """Every column of the shop's file that the mapping reads, each once."""
        raise NotImplementedError

    @property
    def numbers(self) -> list[str]:
        """Those of the columns that are read as numbers, each once."""
        raise NotImplementedError

    @property
    def identities(self) -> list[str]:
        """Those of the columns that tell customers, orders or products apart, each once."""
        return []

    @property
    def words(self) -> set[str]:
        """The values of the shop's that the mapping itself names."""
        stated = [*getattr(self, "filters", ()), *getattr(self, "no_revenue", ())]
        equals = [str(value) for rule in stated if rule.condition == "equals" for value in rule.value]
        return {*self.missing, *equals, *getattr(self, "sign_negative", ()), *getattr(self, "zones", ())}

    @property
    def sha256(self) -> str:
        """Digest of what the mapping says; comments and layout do not count."""
        said = {**asdict(self), "optional": sorted(self.optional)}
        for one in fields(self):
            unsaid = one.default if one.default_factory is MISSING else one.default_factory()
            if one.metadata.get("added") and said[one.name] == unsaid:
                said.pop(one.name)
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
    filters: tuple[Filter, ...] = field(default=(), metadata=ADDED)

    @property
    def wanted(self) -> list[str]:
        names = [self.day, self.channel, self.amount, self.campaign, self.currency_column]
        names += [rule.column for rule in self.filters]
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
    consent: str | None = field(default=None, metadata=ADDED)
    row_key: str = "customer_order"
    sign_column: str | None = None
    sign_negative: tuple[str, ...] = ()
    refund_amount: str | None = None
    refund_time: str | None = None
    refund_once_per_order: bool | None = field(default=None, metadata=ADDED)
    carry: tuple[str, ...] = ()
    filters: tuple[Filter, ...] = ()
    updated_at: str | None = None
    time_of_day: str | None = field(default=None, metadata=ADDED)
    zone_column: str | None = field(default=None, metadata=ADDED)
    zones: dict[str, str] = field(default_factory=dict, metadata=ADDED)
    amount_sum: tuple[str, ...] = field(default=(), metadata=ADDED)
    amount_minus: tuple[str, ...] = field(default=(), metadata=ADDED)
    amount_once_columns: tuple[str, ...] = field(default=(), metadata=ADDED)
    no_revenue: tuple[Filter, ...] = field(default=(), metadata=ADDED)

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
            *(rule.column for rule in self.filters), self.updated_at, self.currency_column, self.time_of_day,
            self.zone_column, *self.amount_sum, *self.amount_minus, *(rule.column for rule in self.no_revenue),
        ]  # fmt: skip
        return list(dict.fromkeys(name for name in names if name))

    @property
    def numbers(self) -> list[str]:
        names = [self.amount, self.price, self.refund_amount, *(self.columns.get(name) for name in NUMBERS)]
        names += [*self.amount_sum, *self.amount_minus]
        return list(dict.fromkeys(name for name in names if name))

    @property
    def identities(self) -> list[str]:
        columns = [self.columns.get(name) for name in ("line_id", "product_id", "refund_of")]
        times = (self.time, self.time_of_day)
        names = [self.customer, *self.order, self.email, *columns]
        return list(dict.fromkeys(name for name in names if name and name not in times))
