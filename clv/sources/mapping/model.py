"""What a checked mapping holds, and its digest."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import MISSING, asdict, dataclass, field, fields
from typing import Any

from clv.sources.mapping.values import Filter

# Of a key that came to be later. A mapping that says nothing of it has the digest that it had before, so that no file
# is loaded anew for a new key.
ADDED = {"added": True}


@dataclass(frozen=True, kw_only=True)
class FileMapping(ABC):
    """What every kind of mapping says: how its files are written, and in which currency. Columns are the shop's names;
    a name in `optional` may be absent from a file, one in `alternatives` is called so, or matches so, in files; one in
    `in_names` is no column but what the name of a column holds, by a pattern."""

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
    filters: tuple[Filter, ...] = field(default=(), metadata=ADDED)
    time_of_day: str | None = field(default=None, metadata=ADDED)
    zone_column: str | None = field(default=None, metadata=ADDED)
    zones: dict[str, str] = field(default_factory=dict, metadata=ADDED)
    customer: str | None = field(default=None, metadata=ADDED)
    customer_lower: bool = field(default=False, metadata=ADDED)
    whole_number: tuple[str, ...] = field(default=(), metadata=ADDED)
    row_key: str | None = field(default=None, metadata=ADDED)

    @property
    @abstractmethod
    def kind(self) -> str:
        """The name of the kind of source (clv.sources.kinds)."""

    @property
    @abstractmethod
    def time_key(self) -> str:
        """The key of the mapping that says when a row was."""

    @property
    @abstractmethod
    def time_column(self) -> str | None:
        """The column of the row's time."""

    @property
    @abstractmethod
    def wanted(self) -> list[str]:
        """Every column of the shop's file that the mapping reads, each once."""

    @property
    @abstractmethod
    def numbers(self) -> list[str]:
        """Those of the columns that are read as numbers, each once."""

    @property
    def identities(self) -> list[str]:
        """Those of the columns that tell customers, orders or products apart, each once."""
        return []

    @property
    def compared(self) -> list[tuple[str, str, str, tuple[str, ...]]]:
        """The values of the shop's that the mapping names: by what (a filter's name), under which key, in which column,
        the values."""
        return equal_to((f"the filter {rule.rule}", rule) for rule in self.filters)

    @property
    def words(self) -> set[str]:
        """The values of the shop's that the mapping itself names."""
        return {*self.missing, *self.zones, *(value for *_, values in self.compared for value in values)}

    def digested(self) -> dict[str, Any]:
        """What the digest is of."""
        stated = {**asdict(self), "optional": sorted(self.optional)}
        for one in fields(self):
            default = one.default if one.default_factory is MISSING else one.default_factory()
            if one.metadata.get("added") and stated[one.name] == default:
                stated.pop(one.name)
        return stated

    @property
    def sha256(self) -> str:
        """Digest of what the mapping says; comments and layout do not count."""
        return hashlib.sha256(json.dumps(self.digested(), sort_keys=True).encode()).hexdigest()


def equal_to(rules: Iterable[tuple[str, Filter]]) -> list[tuple[str, str, str, tuple[str, ...]]]:
    """Of named rules those that compare with values, as `FileMapping.compared` has them."""
    return [
        (name, "equals", rule.column, tuple(str(value) for value in rule.value))  # type: ignore[attr-defined]
        for name, rule in rules
        if rule.condition == "equals"
    ]
