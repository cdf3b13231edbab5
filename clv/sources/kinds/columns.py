"""The columns of a declared kind, and a mapping that names the shop's column for each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from clv.sources.mapping.model import FileMapping

# The types. id: an identifier, kept without invisible characters. customer: the shop's id, kept as a pseudonym; the id,
# e-mail address and name are in pii only. day, time: dates, and times in the reporting zone. money: in the warehouse's
# currency.
Type = Literal["text", "id", "customer", "email", "name", "day", "time", "money", "number", "yes_no"]
SQL_TYPES = {
    "text": "text", "id": "text", "customer": "uuid", "day": "date", "time": "timestamp", "money": "numeric",
    "number": "numeric", "yes_no": "boolean",
}  # fmt: skip
IN_PII = ("email", "name")
TEXTS = ("text", "id", "customer", "email", "name")
TIMES = {"day": "a day", "time": "a time"}


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a kind: the mapping's key for it, its type, and whether each row needs it."""

    name: str
    type: Type
    means: str
    required: bool = False


@dataclass(frozen=True, kw_only=True)
class DeclaredMapping(FileMapping):
    """A checked mapping of the kind `of`: `named` has the shop's column for each of the kind's columns, or None."""

    of: str
    columns: tuple[Column, ...]
    named: dict[str, str | None]

    @property
    def kind(self) -> str:
        return self.of

    @property
    def time_key(self) -> str:
        return next((column.name for column in self.columns if column.type in TIMES), "time")

    @property
    def time_column(self) -> str | None:
        return self.named.get(self.time_key)

    @property
    def wanted(self) -> list[str]:
        names = [*self.named.values(), self.currency_column, *(rule.column for rule in self.filters)]
        return list(dict.fromkeys(name for name in names if name))

    @property
    def numbers(self) -> list[str]:
        return self._of_types("money", "number")

    @property
    def identities(self) -> list[str]:
        return self._of_types("id", "customer", "email")

    def _of_types(self, *types: Type) -> list[str]:
        named = [self.named[column.name] for column in self.columns if column.type in types]
        return list(dict.fromkeys(name for name in named if name))

    def digested(self) -> dict[str, Any]:
        stated = super().digested()
        del stated["of"], stated["columns"]
        return {**stated.pop("named"), **stated}


def kept(columns: Iterable[Column]) -> list[Column]:
    """The columns of the raw table other than the customer's pseudonym; columns of pii are not among them."""
    return [column for column in columns if column.type not in ("customer", *IN_PII)]


def has_customers(columns: Iterable[Column]) -> bool:
    """Whether rows belong to customers."""
    return any(column.type == "customer" for column in columns)
