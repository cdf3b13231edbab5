"""Checks a mapping value by value: each mistake is one line with the place and the remedy."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

import duckdb

from clv.core.errors import ClvError
from clv.sources.mapping.complaints import first_line
from clv.sources.mapping.keys import CONDITIONS, PARTS

# Marks between thousands, each with all characters it stands for: blanks can be plain, no-break, thin and narrow
# no-break.
BLANKS, APOSTROPHES = " \u00a0\u2009\u202f", "'\u2019"
THOUSANDS = {".": ".", ",": ",", **dict.fromkeys(BLANKS, BLANKS), **dict.fromkeys(APOSTROPHES, APOSTROPHES)}
# Names that staging uses itself, so no filter may have them.
VERDICTS = ("accepted", "duplicate", "replaced", "withdrawn", "unreadable", "erased")
EXCEL_DAYS = "excel_days"
COUNTED = ("epoch_seconds", "epoch_milliseconds", EXCEL_DAYS)  # formats of times beside strptime's


@dataclass(frozen=True)
class Filter:
    """Rejects rows under the name `rule` if `column` meets the condition (one of CONDITIONS)."""

    rule: str
    column: str
    condition: str
    value: object


def keys_and_values(key: str, said: object, place: str, known: Collection[str], top: bool = False) -> dict:
    """The keys and values under a key. Raises ClvError if there are none, or if a key is unknown."""
    if not isinstance(said, dict):
        raise ClvError(f"{place}: '{key}' must hold keys and values; known keys are {', '.join(known)}")
    unknown = [str(name) for name in said if name not in known]
    if unknown:
        where = "" if top else f" under '{key}'"
        raise ClvError(f"{place} has the unknown key '{unknown[0]}'{where}; known keys are {', '.join(known)}")
    return said


class Said:
    """Reads a mapping key by key.

    optional: collects columns that may be missing. alternatives: collects other names of a column. in_names: collects
    patterns of names that contain the currency. known: the allowed keys; parts: those under each of them. Each mistake
    raises ClvError with the place, the key and the remedy.
    """

    def __init__(self, said: object, place: str, known: Collection[str], parts: Mapping[str, Collection[str]]) -> None:
        self.place = place
        self.optional: set[str] = set()
        self.alternatives: dict[str, tuple[str, ...]] = {}
        self.in_names: dict[str, str] = {}
        self._parts = parts
        self._said = keys_and_values("mapping", said, place, known, top=True)

    def get(self, key: str) -> Any:
        return self._said.get(key)

    def require(self, *keys: str) -> None:
        for key in keys:
            if not self.get(key):
                raise ClvError(f"{self.place} lacks '{key}'; say which column holds it, for example {key}: {key}")

    def column(self, value: object, key: str) -> str | None:
        """The name of a column, without the ? that makes it optional. For a list, the first name stands for all; a
        pattern between slashes stands for itself."""
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
            mend = "quote it if it is a number"
            raise ClvError(f"{self.place}: '{key}' must be the name of a column, not {value!r}; {mend}")
        name = value.removesuffix("?")
        if name != value:
            self.optional.add(name)
        if is_pattern(name):
            self._check_pattern(name, key)
            self.alternatives.setdefault(name, (name,))
        return name

    def _check_pattern(self, name: str, key: str) -> int:
        """The number of groups in the pattern of a column's name."""
        _try("regexp_full_match('', ?)", name[1:-1], f"{self.place}: '{key}' is no pattern of RE2's")
        try:
            return re.compile(name[1:-1]).groups
        except re.error as error:
            raise ClvError(f"{self.place}: '{key}' is no pattern ({error}); correct {name!r}") from None

    def in_name(self, value: object) -> str:
        """The name for a currency within a column's name, given by a pattern with one group."""
        key = "currency.in_name_of"
        if not isinstance(value, str) or not is_pattern(value) or self._check_pattern(value, key) != 1:
            mend = r"as in '/Amount spent \(([A-Z]{3})\)/'"
            raise ClvError(f"{self.place}: '{key}' is a pattern whose one group is the currency, {mend}")
        name = f"the currency in {value}"
        self.in_names[name] = value
        return name

    def part(self, key: str, short: str = "column") -> dict:
        """The keys and values under a key; a plain text stands for the key `short`."""
        value = self.get(key)
        if value is None:
            return {}
        return self.within(key, {short: value} if isinstance(value, str | list) else value)

    def within(self, key: str, said: object) -> dict:
        """The content of a part with this key, checked against its allowed keys."""
        return keys_and_values(key, said, self.place, self._parts[key])

    def text(self, value: object, key: str) -> str | None:
        if value is not None and not isinstance(value, str):
            raise ClvError(f"{self.place}: '{key}' must be a text, not {value!r}; put it in quotes")
        return value


def is_pattern(name: str) -> bool:
    """Whether a column is named by a pattern: /Amount spent .*/."""
    return len(name) > 2 and name.startswith("/") and name.endswith("/")


def filter_of(said: object, column, place: str, key: str = "filters") -> Filter:  # noqa: ANN001
    said = keys_and_values("filters", said, place, PARTS["filters"])
    conditions = [name for name in CONDITIONS if name in said]
    if not said.get("rule") or not said.get("column") or len(conditions) != 1:
        has = "a rule, a column" if key == "filters" else "a column"
        raise ClvError(f"{place}: each of '{key}' has {has} and one of {', '.join(CONDITIONS)}; not {said}")
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
    """Checks with DuckDB when the mapping is read, so that it does not fail in the middle of a file."""
    try:
        with duckdb.connect() as duck:
            duck.execute(f"select {expression}", [value])
    except duckdb.Error as error:
        raise ClvError(f"{complaint} ({first_line(error)}); correct {value!r}") from None


def time_formats(value: object, place: str, key: str = "time") -> tuple[str, ...]:
    formats = texts(value, f"{place}: '{key}.formats'")
    for form in formats:
        if form not in COUNTED:
            _try("try_strptime('', ?)", form, f"{place}: '{key}.formats' has one that is none")
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
