"""The large benchmark on a shop of a few days, with real parts: files, homes, the first steps, loads, floors, page."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from unittest import mock

from benchmarks.large import __main__ as benchmark
from clv.core.settings import PROJECT
from clv.pipeline import steps

SIZE = ["--size", "60", "--history-days", "40", "--new-share", "0.01"]


@mock.patch.dict(os.environ)  # the benchmark sets the environment of its process
def test_a_tiny_shop_is_measured_from_its_files_to_the_page(tmp_path: Path, monkeypatch):
    first, following = steps.daily()[1:5], steps.daily()[1:4]  # from ingest on; the others are called in the same way
    monkeypatch.setattr(steps, "daily", mock.Mock(side_effect=[first, following]))
    folders = ["--out", str(tmp_path), "--work", str(tmp_path / "work")]
    monkeypatch.setattr(sys, "argv", ["benchmarks.large", *SIZE, *folders])
    benchmark.main()
    result = json.loads((tmp_path / "60-40-days-0.01.json").read_text())
    for run, taken in (("first_load", first), ("next_day", following)):
        assert [cost["stage"] for cost in result[run]] == [step.name for step in taken]
        assert all(cost["peak"] > 1e7 for cost in result[run])
    assert result["first_load"][0]["rows"] == result["shop"]["rows"]
    assert result["next_day"][0]["rows"] == result["shop"]["next_day_rows"]
    assert [cost["rows"] for cost in result["loading"]] == [*2 * [result["shop"]["rows"]], 1]
    assert [floor["rows"] > 0 for floor in result["floors"]] == [True] * 6
    assert "### Next day" in (tmp_path / "performance.md").read_text()
    assert not list((tmp_path / "work").glob("*/postgres/postmaster.pid"))  # no database runs on


def test_make_bench_measures_the_size_requested():
    shown = subprocess.run(
        ["make", "--dry-run", "--old-file=bootstrap", "bench", "SIZE=M", "PEERS=all"],
        cwd=PROJECT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    command = " ".join(shown.stdout.replace("\\\n", "").split())
    assert command.endswith("-m benchmarks.large --size M --out .clv-bench --peer all")
