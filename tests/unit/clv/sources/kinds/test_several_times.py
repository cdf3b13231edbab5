"""A kind with several days or times, whose columns in a file are written differently."""

from __future__ import annotations

import duckdb
import pytest
import yaml

from clv.sources.kinds.columns import Column, DeclaredMapping
from clv.sources.kinds.declared import Kind
from clv.sources.mapping import hints
from clv.sources.mapping.times import time_in

RENTALS = Kind(
    name="rentals",
    table="raw.rentals",
    means="a rental",
    columns=tuple(
        Column(name=name, type="day", means=f"The {name} day.", required=True) for name in ("start", "finish", "paid")
    ),
    replaces=("start", "finish"),
)
BRITISH, AMERICAN = {"column": "From", "formats": ["%d/%m/%Y"]}, {"column": "To", "formats": ["%m/%d/%Y"]}


def mapping(**days: object) -> DeclaredMapping:
    found = RENTALS.mapping("hire", {"kind": "rentals", "paid": "Paid", **days}, "hire.yml")
    assert isinstance(found, DeclaredMapping)
    return found


@pytest.mark.parametrize(
    ("column", "day"),
    [("From", "2024-06-03"), ("To", "2024-03-06"), ("Paid", "2024-06-03")],  # Paid: in the formats of all, in order
)
def test_a_day_is_read_in_the_formats_of_its_own_column(column: str, day: str) -> None:
    sql = time_in(mapping(start=BRITISH, finish=AMERICAN), column, "UTC")
    assert duckdb.execute(f"select ({sql})::date::text from (select '03/06/2024' as \"{column}\")").fetchall() == [
        (day,)
    ]


def test_a_column_without_formats_is_read_like_the_others_and_the_mapping_keeps_its_digest() -> None:
    one = mapping(start=BRITISH, finish="To")
    both = mapping(start=BRITISH, finish={**AMERICAN, "formats": BRITISH["formats"]})
    assert one.formats_of("To") == both.formats_of("To") == ("%d/%m/%Y",)
    assert one.sha256 == both.sha256 != mapping(start=BRITISH, finish=AMERICAN).sha256


def test_a_remedy_names_the_column_whose_days_are_unreadable() -> None:
    days = {"start": BRITISH, "finish": AMERICAN}
    (remedy,) = hints.remedies(["To '31.03.2024' is not a day"], mapping(**days))
    line = yaml.safe_load(remedy.partition("in the mapping hire: ")[2])
    assert line == {"finish": {"column": "To", "formats": ["%m/%d/%Y", "%d.%m.%Y"]}}
    assert mapping(**{**days, **line}).formats_of("From") == ("%d/%m/%Y",)
