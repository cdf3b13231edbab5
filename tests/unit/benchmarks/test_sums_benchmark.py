"""The table of several backtests, from metrics written by hand."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks import sums

HELD = {"predicted": 100, "low": 80, "high": 130, "actual": 90, "held": True, "tiers": 6, "tiers_held": 5}
MISSED = {"predicted": 100, "low": 60, "high": 150, "actual": 190, "held": False, "tiers": 6, "tiers_held": 3}
NEW = {
    "customers": 10, "customers_low": 5, "customers_high": 15, "actual_customers": 12,
    "revenue": 100, "revenue_low": 90, "revenue_high": 110, "actual_revenue": 125,
}  # fmt: skip


def test_windows_of_several_folders_make_one_line(tmp_path: Path) -> None:
    folders = [tmp_path / "90", tmp_path / "180"]
    for folder, row in zip(folders, (HELD, MISSED), strict=True):
        folder.mkdir()
        new = {"2024-01-01": NEW} if row is HELD else {}
        (folder / "metrics.json").write_text(json.dumps({"sums": {"2024-01-01": row}, "new_customers": new}))
    assert sums.line("demo", folders) == (
        "| demo | 2 | 1 | 8 of 12 | -30.0% to +40.0% | 0.17 | 1 of 1 | 0.20 | 0 of 1 |"
    )


def test_a_backtest_without_a_forecast_has_no_windows(tmp_path: Path) -> None:
    (tmp_path / "metrics.json").write_text(json.dumps({"sums": None}))
    assert sums.line("young", [tmp_path]) == "| young | 0 | 0 | 0 of 0 | – | – | 0 of 0 | – | 0 of 0 |"
