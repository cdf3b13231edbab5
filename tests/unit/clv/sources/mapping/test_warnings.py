"""Possible mistakes in a file are counted and reported with the first line and a remedy, without values of
customers."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest

from clv.sources.connectors import files
from clv.sources.formats import reading
from clv.sources.kinds import registry
from clv.sources.kinds.mappings import parse
from clv.sources.loading import texts
from clv.sources.mapping import warnings

LEAST = {"customer": "c", "order": "o", "time": "t", "amount": "a"}
TODAY = date(2024, 6, 1)


@pytest.fixture
def warned(tmp_path: Path):
    """Returns a function that reads a CSV file: its warnings, and its customers and orders."""

    def read(content: str, today: date | None = TODAY, **keys) -> tuple[list[str], list[tuple]]:
        path = tmp_path / "o.csv"
        path.write_text(content)
        mapping = parse("shop", keys if "kind" in keys else {**LEAST, **keys}, "shop.yml")
        file = files.prepare(path, path.name, mapping.encoding, tmp_path)
        with duckdb.connect() as duck:
            reading.read(duck, file, mapping)
            ids = duck.execute("select c, o from received order by _line").fetchall() if "kind" not in keys else []
            return warnings.found(
                duck, mapping, "Europe/Berlin", today, registry.known()[mapping.kind].checks(mapping)
            ), ids

    return read


def test_a_plain_file_gives_no_warning(warned):
    assert warned("c,o,t,a\n1,a,2024-06-01,1\n2,b,2024-05-01 23:59:59,2\n")[0] == []


def test_dates_ahead_of_today(warned):
    ahead = "c,o,t,a\n1,a,2024-06-01 23:59:59,1\n2,b,2024-06-02,2\n3,c,2026-01-05,3\n"
    assert warned(ahead)[0] == [
        "2 rows are dated after today, 2024-06-01, in 't' (the first in line 3); check whether the formats of "
        "time in the mapping shop swap the day and the month"
    ]
    assert warned(ahead, today=None)[0] == []
    spend = {"kind": "spend", "day": "day", "channel": "ch", "amount": "a"}
    (line,) = warned("day,ch,a\n2024-06-03,x,1\n", **spend)[0]
    assert line.startswith("1 row is dated after today, 2024-06-01, in 'day' (the first in line 2); check whether")


@pytest.mark.parametrize("number", ["1.23457E+11", "1,23457E+11", "5E+12", "1.2e+15"])
def test_ids_that_excel_shortened(warned, number):
    (line,), ids = warned(f'c,o,t,a\n7,a,2024-01-01,1\n"{number}",b,2024-01-01,1\n"{number}",c,2024-01-01,1\n')
    assert line.startswith("2 rows have ids in Excel's short form, such as 1.23E+11, in 'c'")
    assert "(the first in line 3); export the file again" in line
    assert [customer for customer, _ in ids] == ["7", number, number]


@pytest.mark.parametrize(
    "seen",
    ["ann", "ann\u200b", "\ufeffann", "a\u00adnn", "an\u200dn", "\u202dann\u202c", " ann\u00a0", "ann\u2060"],
)
def test_ids_that_look_alike_are_equal(warned, seen):
    lines, ids = warned(f"c,o,t,a\nann,1,2024-01-01,1\n{seen},2,2024-01-01,1\n")
    assert [customer for customer, _ in ids] == ["ann", "ann"]
    assert len(lines) == (seen != "ann")
    assert not lines or "1 row has ids with invisible characters" in lines[0]
    mapping = parse("shop", LEAST, "shop.yml")
    assert texts.as_customer(seen.strip(), mapping) == "ann"


def test_accents_and_blanks_of_ids_are_normalised(warned):
    _, ids = warned("c,o,t,a\nRene\u0301 Roy,1,2024-01-01,1\nRen\u00e9\u00a0Roy,2,2024-01-01,1\n")
    assert {customer for customer, _ in ids} == {"Ren\u00e9 Roy"}
    mapping = parse("shop", LEAST, "shop.yml")
    assert texts.as_customer("Rene\u0301\u00a0Roy", mapping) == "Ren\u00e9 Roy"


def test_two_columns_of_one_name(warned):
    lines, _ = warned("c,o,t,a,note,a,note\n1,x,2024-01-01,5,n,6,n\n")
    assert lines == [
        "2 columns are called 'a'; the first, number 4 of the file, is read; rename it if another one is meant"
    ]


def test_values_that_differ_from_a_filters_by_case(warned):
    keys = {
        "filters": [{"rule": "failed", "column": "status", "equals": ["Failed", "Void"]}],
        "sign": {"column": "kind", "negative": ["refund"]},
    }
    lines, _ = warned("c,o,t,a,status,kind\n1,x,2024-01-01,5,failed,Refund\n1,y,2024-01-01,5,Failed,sale\n", **keys)
    assert lines == [
        "1 row has a value in 'status' that differs only in upper and lower case from one that the filter failed "
        "names (the first in line 2); add it to equals in the mapping shop if it has the same meaning",
        "1 row has a value in 'kind' that differs only in upper and lower case from one that sign names (the first in "
        "line 2); add it to negative in the mapping shop if it has the same meaning",
    ]


def test_amounts_in_only_some_rows_of_an_order(warned):
    lines = "c,o,t,a\n1,x,2024-01-01,5\n1,x,2024-01-01,\n1,y,2024-01-01,\n"
    assert warned(lines)[0] == [
        "2 rows have no amount in 'a' (the first in line 3); if only the first row of an order has its total, say in "
        "the mapping shop: amount: {column: a, once_per_order: true}"
    ]
    assert warned(lines, amount={"column": "a", "once_per_order": True})[0] == []


def test_texts_of_consent_that_say_neither_yes_nor_no(warned):
    rows = "c,o,t,a,n\n1,a,2024-05-01,1,Nein\n2,b,2024-05-01,1,oui\n3,c,2024-05-01,1,\n4,d,2024-05-01,1,on\n"
    ((warning,), _) = warned(rows, person={"consent": "n"})
    assert warning.startswith(
        "1 row has a text in 'n' that says neither yes nor no, and counts as no answer (the first in line 5); "
    )
    profiles = {"kind": "customers", "customer": "c", "valid_from": "t", "may_contact": "n"}
    assert warned(rows, **profiles)[0] == [warning]
