"""What the large benchmark measures of a program: its time, its memory, and that it ends."""

from __future__ import annotations

import sys
import time
from datetime import date
from pathlib import Path

import duckdb
import pandas as pd
import psutil
import pytest

from benchmarks.large import floors, measuring, peers, stages

HELD = 80_000_000  # bytes


def python(text: str) -> list[str]:
    return [sys.executable, "-c", text]


def test_memory_of_a_program_and_its_children_is_counted_once(tmp_path: Path):
    child = f"import time; held = b'x' * {HELD}; time.sleep(4)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    found = measuring.program(python(parent), tmp_path / "log")
    assert found.exit_code == 0
    assert found.seconds > 4
    assert HELD < found.peak < HELD + 60_000_000


def test_a_program_that_takes_too_long_is_ended_with_its_children(tmp_path: Path):
    child = "import time; time.sleep(60)"
    parent = (
        f"import subprocess, sys; one = subprocess.Popen([sys.executable, '-c', {child!r}]); "
        "print(one.pid, flush=True); one.wait()"
    )
    started = time.monotonic()
    found = measuring.program(python(parent), tmp_path / "log", limit=2)
    assert time.monotonic() - started < 30
    assert found.exit_code != 0
    pid = int((tmp_path / "log").read_text())
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_the_last_line_is_the_last_with_text(tmp_path: Path):
    (tmp_path / "log").write_text("first\nerror: no\n\n")
    assert measuring.last_line(tmp_path / "log") == "error: no"
    (tmp_path / "log").write_text("")
    assert measuring.last_line(tmp_path / "log") == ""


def test_a_home_under_measurement_has_its_own_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CLV_WAREHOUSE_URL", "postgresql://elsewhere")
    found = measuring.environment(tmp_path)
    assert found["CLV_HOME"] == str(tmp_path)
    assert "CLV_WAREHOUSE_URL" not in found


def test_rows_of_a_stage_are_those_it_reports():
    assert stages.rows({"files": 3, "rows loaded": 7}) == 7
    assert stages.rows({"rows": {"stg_a": 2, "stg_b": 3}, "models": 9}) == 5
    assert stages.rows({"customers": 4, "rows": 8}) == 8
    assert stages.rows({"customers": 4}) == 4
    assert stages.rows({"page": "index.html"}) is None


def test_files_are_delivered_once_and_a_second_delivery_adds_to_them(tmp_path: Path):
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.csv").write_text(name)
    home = stages.Home(tmp_path / "home", report=lambda _: None)
    home.deliver(tmp_path / "first")
    home.deliver(tmp_path / "second")
    landed = sorted((tmp_path / "home" / "landing" / "sample_shop").iterdir())
    assert [path.read_text() for path in landed] == ["first", "second"]


def test_accuracy_is_of_all_customers_of_the_truth(tmp_path: Path):
    truth = pd.DataFrame({"customer_id": ["a", "b", "c"], "expected_revenue_365": [10.0, 0.0, 2.0]})
    truth.to_parquet(tmp_path / "truth.parquet")
    exact = pd.DataFrame({"customer_id": ["c", "a", "x"], "predicted_revenue": [2.0, 10.0, 99.0]})
    assert peers.accuracy(exact, tmp_path) == {"normalized_gini": 1.0, "rmse": 0.0, "signed_bias": 0.0}
    missing = exact[exact.customer_id == "a"]
    found = peers.accuracy(missing, tmp_path)
    assert found["rmse"] == pytest.approx((2**2 / 3) ** 0.5, abs=1e-6)
    assert found["signed_bias"] == pytest.approx(-2 / 12, abs=1e-6)


def test_the_features_of_the_duckdb_floor_are_those_before_the_date(tmp_path: Path):
    lines = pd.DataFrame(
        [
            ("a", "1", "2024-05-31T10:00:00", 10.0, "paid"),
            ("a", "1", "2024-05-31T10:00:00", 5.0, "paid"),
            ("a", "2", "2024-05-02T10:00:00", 1.0, "paid"),  # thirty days before the date
            ("a", "3", "2024-05-01T10:00:00", 2.0, "paid"),
            ("a", "4", "2024-06-01T10:00:00", 99.0, "paid"),  # on the date
            ("a", "T1", "2024-05-30T10:00:00", 99.0, "test"),
            (None, "5", "2024-05-30T10:00:00", 99.0, "paid"),
        ],
        columns=["customer_id", "order_id", "ordered_at", "amount", "status"],
    ).assign(quantity=1, category="toys", channel="email")
    lines.to_parquet(tmp_path / "lines.parquet")
    day = date(2024, 6, 1)
    query = floors.FEATURE_SET.format(files=tmp_path / "*.parquet", as_of=day, windows=floors.windows(day))
    assert floors.in_duckdb(query) == 1
    with duckdb.connect() as connection:
        connection.execute(query)
        found = "select recency, age, days, orders, amount, orders_30, amount_30, amount_60, longest_gap from features"
        assert connection.execute(found).fetchall() == [(1, 31, 3, 3, 18.0, 2, 16.0, 18.0, 29)]
