"""What texts seem to be: times, numbers, addresses."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from clv.sources.mapping.hints import NUMBER_STYLES, fits_style
from clv.sources.mapping.written_times import formats_of

ISO = re.compile(r"\d{4}[-/]\d\d?[-/]\d\d?([ T].*)?")
CURRENCY = r"(?:[A-Z]{3}|[^\w\s,.()-]{1,3})"
BESIDE = re.compile(rf"^(-?)\s*{CURRENCY}\s*(?=[\d(.,-])|(?<=[\d)])\s*{CURRENCY}$")


def is_time(values: Sequence[str]) -> bool:
    """Whether texts are times in a format that can be named."""
    return most(values, lambda one: bool(ISO.fullmatch(one) or formats_of(one, list(values))))


def is_number(values: Sequence[str]) -> bool:
    """Whether texts are numbers, which a currency may stand beside."""
    bare = [without_currency(one) for one in values]
    return any(most(bare, lambda one, style=style: fits_style(one, *style)) for style in NUMBER_STYLES)


def without_currency(text: str) -> str:
    """Removes a currency's code or sign before or after a number."""
    return BESIDE.sub(r"\1", text)


def is_address(values: Sequence[str]) -> bool:
    """Whether texts are e-mail addresses."""
    return most(values, lambda one: bool(re.fullmatch(r"\S+@\S+\.\S+", one)))


def is_row(names: Sequence[str]) -> bool:
    """Whether the names of columns are the values of a row, which may be those of a person."""
    return any(is_address([name]) or is_number([name]) or is_time([name]) or "@" in name for name in names)


def most(values: Sequence[str], is_so: Callable[[str], bool]) -> bool:
    """Whether nine of ten texts are so."""
    return bool(values) and sum(map(is_so, values)) >= 0.9 * len(values)
