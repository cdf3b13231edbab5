"""The columns of a declared kind, and a mapping that names the shop's column for each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, Literal, get_args

from clv.core.spelling import did_you_mean
from clv.sources.mapping.model import ADDED, FileMapping, of_sign

# The types of columns. id: an identifier; invisible characters are removed. customer: the shop's customer id, stored as
# a pseudonym; only the schema pii holds the id, the e-mail address and the name. other_customer: the id of a second
# customer, stored in the same way. phone, device: stored only as keyed digests (clv.sources.identities). day: a date.
# time: a time in the reporting zone. money: an amount in the warehouse's currency.
Type = Literal[
    "text", "id", "customer", "other_customer", "email", "name", "phone", "device", "day", "time", "money", "number",
    "yes_no",
]  # fmt: skip
SQL_TYPES = {
    "text": "text", "id": "text", "customer": "uuid", "other_customer": "uuid", "day": "date", "time": "timestamp",
    "money": "numeric", "number": "numeric", "yes_no": "boolean",
}  # fmt: skip
IN_PII = ("email", "name")
DIGESTED = ("phone", "device")
ADDRESSES = ("email", *DIGESTED)  # by which several ids may be one person
TEXTS = ("text", "id", "customer", "other_customer", *IN_PII, *DIGESTED)
TIMES = {"day": "a day", "time": "a time"}


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a kind of source: its name, which is also its key in mappings, its type, its description, and whether
    every row needs a value. at_least, at_most: the bounds of a number; is_whole: whether it has no fraction. A row with
    another number is unreadable. one_of: the words that a text may be, in small letters; a mapping says under `values`
    which of the shop's words stand for them. A row with another word is unreadable. signed: whether a mapping may say
    under `sign` that amounts are negative in some rows, whatever their sign in the file.

    Raises TypeError for an unknown or missing field, and ValueError for an unknown type, for bounds of another type
    than a number, or for words of another type than a text; each names the column.
    """

    name: str
    type: Type
    means: str
    required: bool = False
    at_least: float | None = None
    at_most: float | None = None
    is_whole: bool = False
    one_of: tuple[str, ...] = ()
    signed: bool = False

    def __new__(cls, **stated: Any) -> Column:
        check_fields(cls, stated, f"the column {stated.get('name', '')}".strip())
        return super().__new__(cls)

    def __post_init__(self) -> None:
        if self.type not in get_args(Type):
            hint = did_you_mean(str(self.type), get_args(Type))
            raise ValueError(
                f"the column {self.name} has the type '{self.type}', which is unknown; {hint}types are "
                f"{', '.join(get_args(Type))}"
            )
        if self.type != "number" and (self.at_least, self.at_most, self.is_whole) != (None, None, False):
            raise ValueError(
                f"the column {self.name} has bounds but is no number; take at_least, at_most and is_whole off"
            )
        if self.one_of and self.type != "text":
            raise ValueError(f"the column {self.name} has words but is no text; take one_of off")
        if self.signed and self.type != "money":
            raise ValueError(f"the column {self.name} is signed but no money; take signed off")


def check_fields(declared: type, stated: Iterable[str], what: str) -> None:
    """Raises TypeError if a declaration states a field that there is not, or lacks one. what: names the declaration."""
    known = {field.name: field.default is MISSING for field in fields(declared)}
    if unknown := [name for name in stated if name not in known]:
        hint = did_you_mean(unknown[0], known)
        raise TypeError(f"{what} has the unknown field '{unknown[0]}'; {hint}fields are {', '.join(known)}")
    if missing := [name for name, needed in known.items() if needed and name not in stated]:
        raise TypeError(f"{what} lacks the field '{missing[0]}'; add it")


@dataclass(frozen=True, kw_only=True)
class DeclaredMapping(FileMapping):
    """A checked mapping of a declared kind.

    of: the name of the kind. named: for each column of the kind, the shop's column, or None. formats: those of a column
    of days or times, by the shop's column, where columns have different ones; `time_formats` are those of all.
    values: for a column with `one_of`, by its name, what the shop's words stand for. sign_column, sign_negative: the
    column, and its values, by which amounts of `signed` columns are negative. ids: for a column of ids, by its name,
    the pattern whose group is the id, and what stands before it; each may be empty.
    """

    of: str
    columns: tuple[Column, ...]
    named: dict[str, str | None]
    formats: dict[str, tuple[str, ...]] = field(default_factory=dict, metadata=ADDED)
    values: dict[str, dict[str, str]] = field(default_factory=dict, metadata=ADDED)
    sign_column: str | None = field(default=None, metadata=ADDED)
    sign_negative: tuple[str, ...] = field(default=(), metadata=ADDED)
    ids: dict[str, tuple[str, str]] = field(default_factory=dict, metadata=ADDED)

    @property
    def kind(self) -> str:
        return self.of

    @property
    def time_key(self) -> str:
        return next((column.name for column in self.columns if column.type in TIMES), "time")

    @property
    def time_column(self) -> str | None:
        return self.named.get(self.time_key)

    def formats_of(self, column: str) -> tuple[str, ...]:
        return self.formats.get(column, self.time_formats)

    def key_of_time(self, column: str) -> str:
        keys = (one.name for one in self.columns if one.type in TIMES and self.named[one.name] == column)
        return next(keys, self.time_key)

    def column_of_time(self, key: str) -> str | None:
        return self.named.get(key)

    @property
    def wanted(self) -> list[str]:
        names = [*self.named.values(), self.sign_column, self.currency_column]
        names += [name for rule in self.filters for name in rule.read]
        return list(dict.fromkeys(name for name in names if name))

    @property
    def compared(self) -> list[tuple[str, str, str, tuple[str, ...]]]:
        return [*super().compared, *of_sign(self.sign_column, self.sign_negative)]

    @property
    def words(self) -> set[str]:
        return super().words.union(*self.values.values())

    @property
    def numbers(self) -> list[str]:
        return self._of_types("money", "number")

    @property
    def identities(self) -> list[str]:
        return self._of_types("id", "customer", "other_customer", *ADDRESSES)

    @property
    def answers(self) -> list[str]:
        return self._of_types("yes_no")

    def _of_types(self, *types: Type) -> list[str]:
        named = [self.named[column.name] for column in self.columns if column.type in types]
        return list(dict.fromkeys(name for name in named if name))

    def digested(self) -> dict[str, Any]:
        stated = super().digested()
        del stated["of"], stated["columns"]
        return {**stated.pop("named"), **stated}


def kept(columns: Iterable[Column]) -> list[Column]:
    """Returns the columns that the raw table stores under their own names: all except the customer, whose pseudonym is
    stored as customer_key, and the columns of pii."""
    return [column for column in columns if column.type not in ("customer", *IN_PII, *DIGESTED)]


def has_customers(columns: Iterable[Column]) -> bool:
    """Returns whether the rows belong to customers."""
    return any(column.type == "customer" for column in columns)
