"""The arguments of a backtest, and how a plain file is read."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from clv.core.errors import ClvError
from clv.evaluation.backtest import run

DAY = date(2024, 1, 1)


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (run.Request(None, None, 5, [DAY]), "--horizon 5: give a number of days from 7"),
        (run.Request(None, None, 90, []), "--origins names no date"),
        (run.Request(Path("nowhere.csv"), None, 90, [DAY]), r"nowhere\.csv does not exist"),
        (run.Request(None, "orders", 90, [DAY]), "--source says how to read a file"),
    ],
)
def test_invalid_arguments_are_refused(wanted, words):
    with pytest.raises(ClvError, match=words):
        run.check(wanted)


def test_a_plain_file_may_have_order_numbers_or_not(tmp_path):
    (tmp_path / "with.csv").write_text("customer_id,order_id,ordered_at,amount\n1,a,2024-01-01,5\n")
    (tmp_path / "without.csv").write_text("customer_id,ordered_at,amount\n1,2024-01-01,5\n")
    assert run.plain_source(tmp_path / "with.csv") == "orders"
    assert run.plain_source(tmp_path / "without.csv") == "orders_without_id"


def test_customers_are_named_as_the_file_names_them(tmp_path):
    frame = pd.DataFrame({"customer_id": ["12", "7"]})
    pd.DataFrame({"customer_id": [12, 7]}).to_parquet(tmp_path / "orders.parquet")
    assert run.with_original_ids(frame, tmp_path / "orders.parquet").customer_id.tolist() == [12, 7]
    (tmp_path / "orders.csv").write_text("customer_id\n012\n")
    assert run.with_original_ids(frame, tmp_path / "orders.csv").customer_id.tolist() == ["12", "7"]
