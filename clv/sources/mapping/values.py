"""Checks single values of a mapping. Each mistake gives a message of one line with the place and the remedy."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

import duckdb

from clv.core.errors import ClvError
from clv.core.spelling import did_you_mean
from clv.sources.mapping.complaints import first_line
from clv.sources.mapping.keys import CONDITIONS, GIVEN, PARTS

# Marks between thousands, each with all characters that it stands for: plain, no-break, thin and narrow no-break
# spaces, and two apostrophes.
BLANKS, APOSTROPHES = " \u00a0\u2009\u202f", "'\u2019"
THOUSANDS = {".": ".", ",": ",", **dict.fromkeys(BLANKS, BLANKS), **dict.fromkeys(APOSTROPHES, APOSTROPHES)}
# Names that staging gives to rows itself, so a filter must not have them.
VERDICTS = ("accepted", "duplicate", "replaced", "withdrawn", "unreadable", "erased")
EXCEL_DAYS = "excel_days"
COUNTING_FORMATS = (
    "epoch_seconds",
    "epoch_milliseconds",
    EXCEL_DAYS,
)  # formats of times in addition to those of strptime


@dataclass(frozen=True)
class Filter:
    """Rejects rows under the name `rule` if `column` meets the condition (one of CONDITIONS), unless they meet the
    other filter."""

    rule: str
    column: str
    condition: str
    value: object
    unless: Filter | None = None

    @property
    def read(self) -> list[str]:
        """The columns that decide."""
        return [self.column, *(self.unless.read if self.unless else ())]


def keys_and_values(key: str, content: object, place: str, known: Collection[str], top: bool = False) -> dict:
    """Returns the keys and values under a key. Raises ClvError if there are none, or if a key is unknown."""
    if not isinstance(content, dict):
        raise ClvError(f"{place}: '{key}' must hold keys and values; known keys are {', '.join(known)}")
    unknown = [str(name) for name in content if name not in known]
    if unknown:
        where = "" if top else f" under '{key}'"
        hint = did_you_mean(unknown[0], known)
        listed = f"{'Known' if hint else 'known'} keys are {', '.join(known)}"
        raise ClvError(f"{place} has the unknown key '{unknown[0]}'{where}; {hint}{listed}")
    return content


class MappingReader:
    """Reads a mapping key by key, and collects what the names of columns state. Each mistake raises ClvError with the
    place, the key and the remedy.

    known: the allowed keys. parts: the allowed inner keys of each key. Collected: optional, columns that may be
    missing; alternatives, other names of a column; in_names, patterns of column names that contain a currency; fixed,
    values that the mapping states itself; in_file_name, patterns of file names that contain a value.
    """

    def __init__(
        self, content: object, place: str, known: Collection[str], parts: Mapping[str, Collection[str]]
    ) -> None:
        self.place = place
        self.optional: set[str] = set()
        self.alternatives: dict[str, tuple[str, ...]] = {}
        self.in_names: dict[str, str] = {}
        self.fixed: dict[str, str] = {}
        self.in_file_name: dict[str, str] = {}
        self._parts = parts
        self._content = keys_and_values("mapping", content, place, known, top=True)

    def get(self, key: str) -> Any:
        return self._content.get(key)

    def require(self, *keys: str) -> None:
        for key in keys:
            if not self.get(key):
                raise ClvError(f"{self.place} lacks '{key}'; say which column holds it, for example {key}: {key}")

    def column(self, value: object, key: str) -> str | None:
        """Returns the name of a column, without the ? that makes it optional.

        Of a list, the first name stands for all. A pattern between slashes stands for itself.
        """
        if value is None:
            return None
        if not isinstance(value, list):
            return self._one_column(value, key)
        names = [self._one_column(one, key) for one in value]
        if not names:
            raise ClvError(f"{self.place}: '{key}' is an empty list; name the column")
        if len(names) > 1:
            self.alternatives[names[0]] = tuple(dict.fromkeys([*self.alternatives.get(names[0], ()), *names]))
        if self.optional & set(names):
            self.optional.add(names[0])
        return names[0]

    def _one_column(self, value: object, key: str) -> str:
        if not isinstance(value, str) or not value.removesuffix("?"):
            remedy = "quote it if it is a number"
            raise ClvError(f"{self.place}: '{key}' must be the name of a column, not {value!r}; {remedy}")
        name = value.removesuffix("?")
        if name != value:
            self.optional.add(name)
        if is_pattern(name):
            self._check_pattern(name, key)
            self.alternatives.setdefault(name, (name,))
        return name

    def _check_pattern(self, name: str, key: str) -> int:
        """Checks a pattern; returns the number of its groups."""
        _try("regexp_full_match('', ?)", name[1:-1], f"{self.place}: '{key}' is no pattern that RE2 accepts")
        try:
            return re.compile(name[1:-1]).groups
        except re.error as error:
            raise ClvError(f"{self.place}: '{key}' is no pattern ({error}); correct {name!r}") from None

    def in_name(self, value: object) -> str:
        """Returns a name for the currency that is part of a column's name. value: a pattern whose one group is the
        currency."""
        pattern = self.of_one_group(value, "currency.in_name_of", "the currency", r"/Amount spent \(([A-Z]{3})\)/")
        name = f"the currency in {pattern}"
        self.in_names[name] = pattern
        return name

    def given(self, key: str, is_number: bool = False) -> str | None:
        """Returns a name for a value that stands in no column: the mapping states it (`value`), or it is part of the
        file's name (`in_file_name`). None if the key names a column.

        is_number: a number of YAML is written with the decimal mark of the file's numbers, as which it is read.
        """
        part = self.part(key)
        stated = [one for one in GIVEN if part.get(one) is not None]
        if not stated:
            raise ClvError(f"{self.place}: '{key}' names no column; add column: and its name")
        if len(stated) > 1:
            raise ClvError(f"{self.place}: '{key}' has one of {', '.join(GIVEN)}; not {' and '.join(stated)}")
        value = part[stated[0]]
        if "value" in stated:
            if isinstance(value, bool | list | dict) or not str(value).strip():
                raise ClvError(f"{self.place}: '{key}.value' is a text, a number or a day; not {value!r}")
            name = f"the {key} of the mapping"
            self.fixed[name] = self._written(value) if is_number else str(value)
            return name
        if "in_file_name" in stated:
            pattern = self.of_one_group(value, f"{key}.in_file_name", "the value", r"/(\d{4}-\d{2}-\d{2})/")
            name = f"the {key} in the file's name"
            self.in_file_name[name] = pattern
            return name
        return None

    def _written(self, value: object) -> str:
        """Returns a number as the mapping's file would have it; a text as it is."""
        if not isinstance(value, int | float):
            return str(value)
        return f"{Decimal(str(value)):f}".replace(".", self.part("file").get("decimal") or ".")

    def of_one_group(self, value: object, key: str, group: str, example: str) -> str:
        """Returns a pattern between slashes. Raises ClvError if it has not one group, which is named by `group`."""
        if not isinstance(value, str) or not is_pattern(value) or self._check_pattern(value, key) != 1:
            raise ClvError(f"{self.place}: '{key}' is a pattern whose one group is {group}, as in '{example}'")
        return value

    def part(self, key: str, short: str = "column") -> dict:
        """Returns the keys and values under a key. A plain text or list stands for the inner key `short`."""
        value = self.get(key)
        if value is None:
            return {}
        return self.within(key, {short: value} if isinstance(value, str | list) else value)

    def within(self, key: str, content: object) -> dict:
        """Checks the content of a key against its allowed inner keys."""
        return keys_and_values(key, content, self.place, self._parts[key])

    def text(self, value: object, key: str) -> str | None:
        if value is not None and not isinstance(value, str):
            raise ClvError(f"{self.place}: '{key}' must be a text, not {value!r}; put it in quotes")
        return value


def is_pattern(name: str) -> bool:
    """Returns whether the name of a column is a pattern, such as /Amount spent .*/."""
    return len(name) > 2 and name.startswith("/") and name.endswith("/")


def filter_of(content: object, column, place: str, key: str = "filters") -> Filter:  # noqa: ANN001
    content = keys_and_values("filters", content, place, PARTS["filters"])
    conditions = [name for name in CONDITIONS if name in content]
    if not content.get("rule") or not content.get("column") or len(conditions) != 1:
        has = "a rule, a column" if key == "filters" else "a column"
        raise ClvError(f"{place}: each of '{key}' has {has} and one of {', '.join(CONDITIONS)}; not {content}")
    rule = content["rule"]
    if not isinstance(rule, str) or rule in VERDICTS or rule.startswith("missing_"):
        raise ClvError(
            f"{place}: a rule of 'filters' cannot be called {rule!r}; give it a name of its own, not one of "
            f"{', '.join(VERDICTS)}, missing_…"
        )
    value: Any = content[conditions[0]]
    if conditions[0] == "equals":
        value = tuple(str(item) for item in (value if isinstance(value, list) else [value]))
    if conditions[0] == "at_most" and not isinstance(value, int | float):
        raise ClvError(f"{place}: 'at_most' of the rule {content['rule']} must be a number, not {value!r}")
    if conditions[0] == "matches":
        _try(
            "regexp_matches('', ?)", str(value), f"{place}: 'matches' of the rule {rule} is no pattern that RE2 accepts"
        )
    unless = content.get("unless")
    other = None if unless is None else filter_of(_unless(unless, rule, place), column, place, key)
    return Filter(rule, column(content["column"], "filters.column"), conditions[0], value, other)


def _unless(content: object, rule: str, place: str) -> dict:
    """Returns the content of `unless` as that of a filter of the same name."""
    known = [name for name in PARTS["filters"] if name not in ("rule", "unless")]
    return {"rule": rule, **keys_and_values("unless", content, place, known)}


def _try(expression: str, value: str, complaint: str) -> None:
    """Tries an expression in DuckDB, so that an invalid pattern or format is found when the mapping is read, not in the
    middle of a file."""
    try:
        with duckdb.cursor() as duck:  # of the process's own database, because opening one takes long
            duck.execute(f"select {expression}", [value])
    except duckdb.Error as error:
        raise ClvError(f"{complaint} ({first_line(error)}); correct {value!r}") from None


def time_formats(value: object, place: str, key: str = "time") -> tuple[str, ...]:
    formats = texts(value, f"{place}: '{key}.formats'")
    for form in formats:
        if form not in COUNTING_FORMATS:
            _try("try_strptime('', ?)", form, f"{place}: '{key}.formats' has an invalid format")
    return formats


def listed(value: object, what: str) -> list[Any]:
    if value is not None and not isinstance(value, list):
        raise ClvError(f"{what} must be a list, not {value!r}; put it in brackets")
    return value or []


def texts(value: object, what: str) -> tuple[str, ...]:
    values: list[Any] = value if isinstance(value, list) else [] if value is None else [value]
    if not all(isinstance(item, str) for item in values):
        raise ClvError(f"{what} must be a list of texts; put each in quotes")
    return tuple(values)


def exchange_rates(rates: object, place: str) -> dict[str, str]:
    try:
        read = {str(code): Decimal(str(rate)) for code, rate in dict(rates).items()}  # type: ignore[call-overload]
        if all(rate.is_finite() and 0 < rate < 10**8 and rate == round(rate, 10) for rate in read.values()):
            return {code: f"{rate:f}" for code, rate in read.items()}
    except (TypeError, ValueError, InvalidOperation):
        pass
    raise ClvError(f"{place}: 'currency.rates' gives each currency a number above 0, 10 decimals at most: USD: 0.92")


def known_encoding(name: str, place: str) -> str:
    try:
        "".encode(name)
    except (LookupError, TypeError):
        raise ClvError(
            f"{place}: there is no encoding '{name}'; common ones are utf-8, latin-1, cp1252, utf-16"
        ) from None
    return name
