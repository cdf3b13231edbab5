"""The allowed values of settings, in words and as checks, from which `options` declares them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args

from pydantic import WrapValidator
from pydantic_core import PydanticCustomError

from clv.core import zone_names


@dataclass(frozen=True)
class Allowed:
    """The allowed values of a setting, in words that continue the error "NAME is …"."""

    words: str


def one_of(choices: Any) -> Allowed:
    """The allowed values of a Literal."""
    return Allowed(f"one of {', '.join(get_args(choices))}")


def days_from(least: int, such_as: int) -> Allowed:
    """Whole numbers of days from the least one allowed; such_as: an example."""
    return Allowed(f"a whole number of days from {least}, such as {such_as}")


def different(values: list) -> list:
    """Returns the values, or raises ValueError if one of them stands twice."""
    if len(set(values)) < len(values):
        raise ValueError("one stands twice")
    return values


def zone(name: str) -> str:
    """Returns the name of a time zone, or raises an error with the nearest name if there is no such zone."""
    if not zone_names.exists(name):
        raise PydanticCustomError("zone", "there is no such zone", {"near": zone_names.near(name)})
    return name


# Validates a number but keeps it as it is written: 1 and 1.0 are different texts in SQL and in digests.
AS_WRITTEN = WrapValidator(lambda value, check: (check(value), value)[1])
COUNT = Allowed("a whole number from 0")
MONEY = Allowed("an amount of money from 0 to 1,000,000")
FOLDERS = Allowed("folders with `:` between")
