"""Broken files, each with the expected result.

A case has one mistake, in one column or place, in one format. Each module here has a family of cases, and `every_kind`
yields all of them. Nothing is random, so the cases are the same in every run.
"""

from __future__ import annotations

from collections.abc import Iterator

from broken_files import columns, containers, records, types, values
from broken_files.shape import Broken


def every_kind() -> Iterator[Broken]:
    """Yields every kind of broken file, each with a unique name."""
    for family in (values, types, columns, records, containers):
        yield from family.kinds()
