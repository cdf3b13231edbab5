"""A checked mapping, and its digest."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable
from dataclasses import MISSING, asdict, dataclass, field, fields
from typing import Any, Self

from clv.sources.mapping.values import Filter

# Marks keys that were added to the language later. If such a key has its default, the digest ignores it: mappings
# without the key keep their digest, and their files are not loaded again.
ADDED = {"added": True}


@dataclass(frozen=True, kw_only=True)
class FileMapping(ABC):
    """What mappings of all kinds have in common: the format of the files, and the currency.

    Columns are the shop's. optional: columns that a file may lack. alternatives: all names or patterns that a column
    may have in a file. in_names: values that are part of a column's name, each with the pattern that finds it.
    fixed: values that the mapping states itself. in_file_name: values that are part of the file's name, each with the
    pattern that finds it.
    """

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
    fixed: dict[str, str] = field(default_factory=dict, metadata=ADDED)
    in_file_name: dict[str, str] = field(default_factory=dict, metadata=ADDED)
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
        """Returns the name of the kind of source (clv.sources.kinds)."""

    @property
    @abstractmethod
    def time_key(self) -> str:
        """Returns the mapping's key for the time of a row."""

    @property
    @abstractmethod
    def time_column(self) -> str | None:
        """Returns the column with the time of a row."""

    def counting(self, parts: Collection[str]) -> Self:  # noqa: ARG002 - for kinds with revenue
        """Returns the mapping as it is if these parts of the stated amount are revenue."""
        return self

    def formats_of(self, column: str) -> tuple[str, ...]:  # noqa: ARG002 - for kinds with several times
        """Returns the formats in which a column's times are read."""
        return self.time_formats

    def key_of_time(self, column: str) -> str:  # noqa: ARG002 - for kinds with several times
        """Returns the mapping's key for a column of times."""
        return self.time_key

    def column_of_time(self, key: str) -> str | None:  # noqa: ARG002 - for kinds with several times
        """Returns the column of a key for times."""
        return self.time_column

    @property
    @abstractmethod
    def wanted(self) -> list[str]:
        """Returns every column of the file that the mapping reads, each once."""

    @property
    def in_no_column(self) -> set[str]:
        """Returns the names in `wanted` that stand for values outside of the file's rows."""
        return {*self.in_names, *self.fixed, *self.in_file_name}

    @property
    @abstractmethod
    def numbers(self) -> list[str]:
        """Returns the columns that are read as numbers, each once."""

    @property
    def identities(self) -> list[str]:
        """Returns the columns with ids of customers, orders or products, each once."""
        return []

    @property
    def answers(self) -> list[str]:
        """Returns the columns whose texts are read as yes or no, each once."""
        return []

    @property
    def compared(self) -> list[tuple[str, str, str, tuple[str, ...]]]:
        """Returns the values with which rules of the mapping compare: name of the rule, key, column, values."""
        return equal_to((f"the filter {rule.rule}", rule) for rule in self.filters)

    def own_remedies(self, reasons: Iterable[str]) -> list[tuple[str, str]]:  # noqa: ARG002 - for kinds that need it
        """Returns remedies for reasons that only this kind gives: why, and the line of the mapping."""
        return []

    @property
    def words(self) -> set[str]:
        """Returns the shop's values that the mapping names. They are not personal, so messages may show them."""
        compared = (value for *_, values in self.compared for value in values)
        return {*self.missing, *self.zones, *self.fixed.values(), *compared}

    def digested(self) -> dict[str, Any]:
        """Returns the content from which the digest is computed."""
        stated = {**asdict(self, dict_factory=_without_exceptions), "optional": sorted(self.optional)}
        for one in fields(self):
            default = one.default if one.default_factory is MISSING else one.default_factory()
            if one.metadata.get("added") and stated[one.name] == default:
                stated.pop(one.name)
        return stated

    @property
    def sha256(self) -> str:
        """Returns the digest of the mapping's content. Comments and layout do not change it."""
        return hashlib.sha256(json.dumps(self.digested(), sort_keys=True).encode()).hexdigest()


def _without_exceptions(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Returns the fields of a mapping or filter. Filters without `unless`, which was added later, keep their digest."""
    return {name: value for name, value in pairs if (name, value) != ("unless", None)}


def equal_to(rules: Iterable[tuple[str, Filter]]) -> list[tuple[str, str, str, tuple[str, ...]]]:
    """Returns the named rules that compare with values, in the form of `FileMapping.compared`."""
    return [
        (name, "equals", rule.column, tuple(str(value) for value in rule.value))  # type: ignore[attr-defined]
        for name, rule in rules
        if rule.condition == "equals"
    ]


def of_sign(column: str | None, negative: tuple[str, ...]) -> list[tuple[str, str, str, tuple[str, ...]]]:
    """Returns the values with which `sign` compares, in the form of `FileMapping.compared`."""
    return [("sign", "negative", column, negative)] if column else []
