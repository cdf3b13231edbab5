"""`clv experiment replay`, from the file to the file of recommendations."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from click.testing import Result
from past_experiments import made
from typer.testing import CliRunner

from clv.cli import app
from clv.core.errors import ClvError

COLUMNS = ("--arm", "arm", "--outcome", "spend")


@pytest.fixture(autouse=True)
def _one_process(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SPARK_MASTER", "local[1]")


def written(path: Path, effect: float, customers: int = 2000) -> Path:
    past = made(4, customers, effect)
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["customer", "arm", "spend", "a", "b", "c"])
        for name, arm, outcome, inputs in zip(
            past.customers, past.arm, past.outcome, past.inputs.tolist(), strict=True
        ):
            rows.writerow([f"={name}", past.arms[arm], outcome, *inputs])
    return path


def replayed(path: Path, *options: str) -> Result:
    return CliRunner().invoke(app, ["experiment", "replay", "--file", str(path), *COLUMNS, *options])


def test_a_recommendation_is_written_for_each_customer(tmp_path: Path):
    to = tmp_path / "arms.csv"
    file = written(tmp_path / "past.csv", effect=0.8)
    done = replayed(file, "--customer", "customer", "--features", "a, b,c", "--covariate", "b", "--out", str(to))
    assert done.exit_code == 0, done.exception
    assert "Recommended: choose the arm by customer" in done.stdout
    assert "difference given b" in done.stdout
    assert done.stdout.splitlines()[-1] == f"written: {to}"
    rows = list(csv.DictReader(to.open()))
    assert list(rows[0]) == ["customer", "uplift of mail", "recommended arm"]
    assert [row["customer"] for row in rows] == [f"'=c{number}" for number in range(2000)]  # no formula
    assert {row["recommended arm"] == "mail" for row in rows if float(row["uplift of mail"]) > 0} == {True}
    assert to.stat().st_mode & 0o077 == 0


def test_nothing_is_written_without_a_recommendation(tmp_path: Path):
    to = tmp_path / "arms.csv"
    done = replayed(written(tmp_path / "past.csv", effect=0.0), "--features", "a,b,c", "--out", str(to))
    assert done.exit_code == 0, done.exception
    assert "No choice by customer is recommended" in done.stdout
    assert not to.exists()


def test_arms_are_read_without_features(tmp_path: Path):
    done = replayed(written(tmp_path / "past.csv", effect=0.0, customers=50))
    assert done.exit_code == 0
    assert "sample ratio as planned (p = " in done.stdout
    assert "Name what was known of customers before the experiment by --features" in done.stdout


def test_shares_that_were_not_planned_end_the_read_out(tmp_path: Path):
    file = written(tmp_path / "past.csv", effect=0.0)
    done = replayed(file, "--share", "control=1", "--share", "mail=3")
    assert isinstance(done.exception, ClvError)
    assert "the arms do not have the planned shares 1:3" in str(done.exception)
    assert "mean" not in done.stdout


@pytest.mark.parametrize(
    "options",
    [("--share", "mail=1"), ("--share", "mail"), ("--share", "mail=0", "--share", "control=1"), ("--cost", "-1")],
)
def test_a_wrong_option_is_a_wrong_command_line(tmp_path: Path, options: tuple[str, ...]):
    assert replayed(written(tmp_path / "past.csv", effect=0.0, customers=20), *options).exit_code == 2
