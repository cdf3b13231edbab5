"""The course of the large benchmark: which stages it runs with what, and what it keeps where one fails."""

from __future__ import annotations

import json
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from benchmarks.large import __main__ as benchmark
from benchmarks.large import measuring
from clv.pipeline import steps

ARGUMENTS = ["benchmarks.large", "--size", "40", "--history-days", "100", "--new-share", "0.01"]


@pytest.fixture
def stages_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict, list[str]]]:
    """Replaces the home and the stages' programs; lists each stage that ran, with what it was given and the files that
    had landed. A stage named in the environment variable FAILS fails."""
    ran: list[tuple[str, dict, list[str]]] = []

    @contextmanager
    def fresh_home(path: Path, *_: object):
        path.mkdir(parents=True)
        yield SimpleNamespace(home=path)

    def run(module: str, *arguments, home: Path, log: Path) -> measuring.Measured:
        if module.endswith(("floors", "learners")):
            name = module.rpartition(".")[2]
            arguments[0].write_text(json.dumps([{"floor": name, "rows": 1, "seconds": 0.1}]))
            return measuring.Measured(1.0, 10, 0)
        stage, out, given = arguments
        landed = sorted(path.name for path in (home / "landing").glob("*/*"))
        ran.append((stage, json.loads(given), landed))
        if stage == os.environ.get("FAILS"):
            log.write_text("error: the disk is full\n")
            return measuring.Measured(1.0, 10, 1)
        out.write_text(json.dumps({"seconds": 0.5, "facts": {"run_id": "r1", "rows loaded": 7, "of": stage}}))
        return measuring.Measured(1.0, 10, 0)

    nobody = pd.DataFrame({"customer_id": [], "predicted_revenue": []})
    monkeypatch.setattr(benchmark, "fresh_home", fresh_home)
    monkeypatch.setattr(benchmark, "predictions", lambda _: nobody)
    monkeypatch.setattr(measuring, "run", run)
    monkeypatch.setattr(sys, "argv", [*ARGUMENTS, "--out", str(tmp_path / "out"), "--work", str(tmp_path / "work")])
    return ran


def test_first_load_and_next_day_take_all_steps_with_what_has_landed(stages_run, tmp_path: Path):
    benchmark.main()
    names = [step.name for step in steps.daily()]
    days = [stage for stage, given, _ in stages_run if given.get("as_of")]
    assert days == ["open_run", *names, "open_run", *names]
    found = {(stage, given.get("as_of")): (given, landed) for stage, given, landed in stages_run}
    first, following = found["ingest", "2024-06-20"], found["ingest", "2024-06-21"]
    assert first[1] == ["2024-03.csv.gz", "2024-04.csv.gz", "2024-05.csv.gz", "2024-06.csv.gz"]
    assert following[1] == sorted([*first[1], "2024-06-20.csv.gz"])
    assert found["score", "2024-06-20"][0]["options"]["model"]["of"] == "train"
    assert found["score", "2024-06-20"][0]["run_id"] == "r1"
    assert [stage for stage, given, _ in stages_run if "path" in given] == ["load"] * 3
    result = json.loads((tmp_path / "out" / "40-100-days-0.01.json").read_text())
    assert [cost["stage"] for cost in result["next_day"]] == names
    assert result["next_day"][names.index("ingest")] == {
        "stage": "ingest", "rows": 7, "seconds": 0.5, "peak": 10, "rows_per_second": 14.0,
    }  # fmt: skip
    assert result["accuracy"]["signed_bias"] == -1.0  # nobody was predicted anything
    assert [cost["stage"] for cost in result["loading"]] == ["load csv", "load parquet", "load a file of one row"]
    assert result["floors"] == [
        {"floor": name, "rows": 1, "seconds": 0.1, "peak": 10} for name in ("floors", "learners")
    ]
    assert "### Next day" in (tmp_path / "out" / "performance.md").read_text()


def test_a_stage_that_fails_ends_it_in_one_line_and_keeps_what_was_measured(stages_run, tmp_path: Path, monkeypatch):
    monkeypatch.setenv("FAILS", "train")
    with pytest.raises(SystemExit, match=r"^error: the stage train failed: error: the disk is full; see .*what was"):
        benchmark.main()
    result = json.loads((tmp_path / "out" / "40-100-days-0.01.json").read_text())
    assert result["error"].startswith("the stage train failed")
    assert [cost["stage"] for cost in result["first_load"]][-1] == "gate_features"
    assert "- 40, 100 days: the stage train failed" in (tmp_path / "out" / "performance.md").read_text()


@pytest.mark.parametrize(("given", "error"), [(["--size", "XL"], "none of S, M, L"), (["--new-share", "0"], "above 0")])
def test_wrong_arguments_are_refused(given, error, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["benchmarks.large", *given])
    with pytest.raises(SystemExit):
        benchmark.arguments()
    assert error in capsys.readouterr().err
