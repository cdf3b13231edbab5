"""Files as no shop should send them, each with what has to become of it.

A kind is one thing that is wrong, in one column or place, in one kind of file. The modules here each give a family of
them; `every_kind` gives all. Nothing is drawn at random: the same kinds each time.
"""

from __future__ import annotations

from collections.abc import Iterator

from broken_files import columns, containers, records, types, values
from broken_files.shape import Broken


def every_kind() -> Iterator[Broken]:
    """Every kind of broken file, each under a name of its own."""
    for family in (values, types, columns, records, containers):
        yield from family.kinds()
