"""Values and names keep their meaning in SQL, whatever characters they contain."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest

from clv.core import sql_text


@pytest.mark.parametrize(
    "value", ["", "o'brien", "'; drop table x --", "back\\slash'", 'a "name"', "two\nlines", 7, -1]
)
def test_a_value_comes_back_as_it_was(value: str | int) -> None:
    assert duckdb.sql(f"select {sql_text.literal(value)}").fetchall() == [(value,)]


def test_dates_names_and_conditions() -> None:
    assert duckdb.sql(f"select {sql_text.literal(date(2024, 2, 29))}").fetchall() == [(date(2024, 2, 29),)]
    name = 'a "b" c'
    assert duckdb.sql(f"select 1 as {sql_text.quoted(name)}").columns == [name]
    assert sql_text.equal({"day": date(2024, 1, 1), "run_id": "a'b"}) == "day = date '2024-01-01' and run_id = 'a''b'"


def test_a_path_is_the_file_and_no_pattern(tmp_path: Path) -> None:
    for name in ("it's [1].csv", "it's 1.csv"):
        (tmp_path / name).write_text(f"name\n{name}\n")
    file = sql_text.path_literal(tmp_path / "it's [1].csv")
    assert duckdb.sql(f"select * from read_csv({file}, header = true)").fetchall() == [("it's [1].csv",)]
