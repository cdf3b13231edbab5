"""Splits the text of an unreadable row into values, and finds the customers in them."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator

from clv.core import ids
from clv.sources.mapping.model import FileMapping
from clv.warehouse.erasures import Erased


def fields(text: str, delimiter: str | None) -> Iterator[str]:
    """Yields the values in the text of a CSV record or JSON object, without surrounding blanks."""
    if text.lstrip().startswith("{"):
        try:
            yield from _leaves(json.loads(text))
            return
        except ValueError:  # the object is incomplete, so split it at every mark
            yield from filter(None, (piece.strip() for piece in re.split(r'[{}\[\]":,]', text)))
    try:
        for row in csv.reader([text], delimiter=delimiter or ",") if delimiter != "whitespace" else [text.split()]:
            yield from (value.strip() for value in row)
    except csv.Error:
        yield from (value.strip(' "') for value in re.split(f"[{re.escape(delimiter or ',')}\r\n]", text))


def _leaves(value: object) -> Iterator[str]:
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _leaves(item)
    elif value is not None:
        yield str(value).strip()


def as_customer(value: str, mapping: FileMapping) -> str:
    """Converts a value to a customer id as the mapping does."""
    return _by_mapping(ids.visible(value), mapping)


def names_erased(text: str, mapping: FileMapping, erased: Erased) -> bool:
    """Returns whether any value in a row's text is the id of an erased customer: as given, as cleaned, or as the
    mapping writes either."""
    forms = {form for value in fields(text, mapping.delimiter) for form in ids.forms(value)}
    values = forms | {_by_mapping(form, mapping) for form in forms}
    return any(erased.receipt(value, mapping.customer_namespace) for value in values if value)


def _by_mapping(value: str, mapping: FileMapping) -> str:
    value = re.sub(r"\.0+$", "", value) if mapping.customer in mapping.whole_number else value
    return value.lower() if mapping.customer_lower else value
