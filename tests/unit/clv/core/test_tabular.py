"""How rows are written for people and for programs."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import date, datetime
from decimal import Decimal

import pytest
from rich.console import Console

from clv.core import tabular


def written(names: list[str], rows: list[tuple], style: str = "table", width: int = 80, terminal: bool = True) -> str:
    out = Console(file=io.StringIO(), width=width, force_terminal=terminal, no_color=True, highlight=False)
    tabular.write(names, rows, style, out)
    return re.sub(r"\x1b\[\d*m", "", out.file.getvalue())  # type: ignore[attr-defined]


def test_a_table_that_fits_is_whole():
    text = written(["name", "n"], [("a long enough text of a shop's, more than 36 characters", 1234)])
    assert "a long enough text of a shop's, more than 36 characters" in text
    assert "1,234" in text
    assert "1 row" in text


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Decimal("49.9852926463231616"), "49.9853"),
        (Decimal("321.6187550000000000"), "321.6188"),
        (Decimal("12.50"), "12.50"),
        (0.1 + 0.2, "0.3"),
        (Decimal("0.000123456"), "0.0001235"),
        (-0.0555555, "-0.05556"),
        (1234567, "1,234,567"),
        (float("nan"), "nan"),
        (0.0, "0.0"),
    ],
)
def test_a_number_is_shown_to_four_decimals_and_written_whole(value: float | Decimal, shown: str):
    assert f" {shown} " in written(["n"], [(value,)])
    assert written(["n"], [(value,)], "csv").splitlines()[1] == str(value)


def test_texts_are_shortened_where_a_table_is_too_wide_for_its_terminal():
    text = written(["name", "n"], [("x" * 70, 1234)], width=60)
    assert f"│ {'x' * 35}… │ 1,234 │" in text
    assert "-x shows them whole" in text
    assert max(map(len, text.splitlines())) <= 60


def test_a_table_with_too_many_columns_is_written_as_records():
    names = [f"column_{number}" for number in range(20)]
    text = written(names, [tuple(range(20))] * 30, width=60)
    assert "column_19  19" in text
    assert "│" not in text
    assert "the first 20 rows; --csv or --json gives all; too wide for a table here" in text


def test_nothing_is_cut_where_there_is_no_terminal():
    names = [f"column_{number}" for number in range(20)]
    text = written(names, [("x" * 70,) * 20], width=60, terminal=False)
    assert text.count("x" * 70) == 20
    assert "│" in text


def test_records_keep_texts_whole_and_harmless():
    text = written(["name", "longer_name"], [("y" * 200, "\x1b[35m[bold]")], style="expanded", width=60)
    assert f"name         {'y' * 200}" in text
    assert r"longer_name  \x1b[35m[bold]" in text


VALUES = (
    ["key", "money", "share", "day", "at", "tags", "reasons", "none", "yes", "number", "formula"],
    [(
        "a,b \"c\"", Decimal("1234.50"), 0.25, date(2024, 5, 1), datetime(2024, 5, 1, 10, 30),  # noqa: DTZ001
        ["x", "y"], [{"reason": "r", "effect": 1.5}], None, True, -3, "=1+1",
    )],
)  # fmt: skip


def test_csv_has_every_value_as_it_is():
    names, values = csv.reader(io.StringIO(written(*VALUES, style="csv")))
    assert dict(zip(names, values, strict=True)) == {
        "key": 'a,b "c"', "money": "1234.50", "share": "0.25", "day": "2024-05-01", "at": "2024-05-01 10:30:00",
        "tags": '["x", "y"]', "reasons": '[{"reason": "r", "effect": 1.5}]', "none": "", "yes": "true", "number": "-3",
        "formula": "'=1+1",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "texts"), [("'=1+1", {"'=1+1", "=1+1"}), ("=1+1", {"=1+1"}), ("'tis", {"'tis"}), ("", {""})]
)
def test_a_cell_of_csv_is_read_with_and_without_the_apostrophe_that_it_may_have_got(cell: str, texts: set[str]):
    assert tabular.texts_of(cell) == texts


def test_json_has_every_value_by_its_type():
    assert json.loads(written(*VALUES, style="json")) == [{
        "key": 'a,b "c"', "money": 1234.5, "share": 0.25, "day": "2024-05-01", "at": "2024-05-01T10:30:00",
        "tags": ["x", "y"], "reasons": [{"reason": "r", "effect": 1.5}], "none": None, "yes": True, "number": -3,
        "formula": "=1+1",
    }]  # fmt: skip
    assert json.loads(written(["n"], [], style="json")) == []
    assert json.loads(written(["n"], [(float("nan"),), (2,)], style="json")) == [{"n": None}, {"n": 2}]


@pytest.mark.parametrize("style", ["csv", "json"])
def test_programs_get_every_row(style: str):
    text = written(["n"], [(number,) for number in range(5000)], style=style)
    assert len(text.splitlines()) >= 5001
