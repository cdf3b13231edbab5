"""Takes a home through the stages of a first load and of the next day, and records what each cost."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.large import measuring
from benchmarks.large.stage import SOURCE
from clv.core.errors import ClvError
from clv.pipeline import steps

Report = Callable[["Cost"], None]


@dataclass(frozen=True)
class Cost:
    """What a stage cost. rows: that it wrote, where it counts them. seconds: without starting Python. peak: bytes of
    PSS of all processes of the home."""

    stage: str
    rows: int | None
    seconds: float
    peak: int

    @property
    def rate(self) -> float | None:
        """Rows per second."""
        return self.rows / self.seconds if self.rows and self.seconds else None


@dataclass(frozen=True)
class Home:
    """A home under measurement."""

    path: Path
    report: Report

    @property
    def log(self) -> Path:
        return self.path / "logs" / "benchmark.log"

    def measure(self, stage: str, shown: str = "", **given: object) -> tuple[Cost, dict[str, Any]]:
        """Runs a stage; returns its cost and its facts. Raises ClvError where it fails."""
        out = self.path / "stage.json"
        out.unlink(missing_ok=True)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        found = measuring.run("benchmarks.large.stage", stage, out, json.dumps(given), home=self.path, log=self.log)
        if found.exit_code or not out.exists():
            raise ClvError(f"the stage {stage} failed: {measuring.last_line(self.log)}; see {self.log}")
        result = json.loads(out.read_text())
        cost = Cost(shown or stage, rows(result["facts"]), result["seconds"], found.peak)
        self.report(cost)
        return cost, result["facts"]

    def deliver(self, folder: Path) -> None:
        """Puts a folder's files into the landing folder, without copying where the file system allows it."""
        landing = self.path / "landing" / SOURCE
        landing.mkdir(parents=True, exist_ok=True)
        for file in sorted(folder.iterdir()):
            try:
                os.link(file, landing / file.name)
            except OSError:
                shutil.copyfile(file, landing / file.name)

    def day(self, as_of: date, costs: list[Cost]) -> None:
        """Runs all steps of a date, and adds the cost of each to `costs` as soon as it has ended."""
        _, opened = self.measure("open_run", as_of=as_of.isoformat())
        facts: dict[str, dict] = {}
        for step in steps.daily():
            options = {argument: facts[name] for argument, name in step.given.items()}
            given = {"as_of": as_of.isoformat(), "run_id": opened["run_id"], "options": options}
            cost, facts[step.name] = self.measure(step.name, **given)
            costs.append(cost)


def as_json(cost: Cost) -> dict[str, Any]:
    """A cost with its rate, for JSON."""
    return {**asdict(cost), "rows_per_second": cost.rate}


def rows(facts: dict[str, Any]) -> int | None:
    """The rows that a stage reports: those loaded, or those of all tables it built; for other stages the customers."""
    built = facts.get("rows")
    if isinstance(built, dict):
        return sum(built.values())
    return next((int(facts[name]) for name in ("rows loaded", "rows", "customers") if facts.get(name)), None)


def loading(home: Home, shop: Path, kind: str) -> Cost:
    """The cost of loading the history's files of one format, without a run."""
    return home.measure("load", f"load {kind}", path=str(shop / kind))[0]


def loading_a_small_file(home: Home) -> Cost:
    """The cost of loading a file of one row."""
    small = home.path / "small.csv"
    small.write_text(SMALL)
    return home.measure("load", "load a file of one row", path=str(small))[0]


SMALL = """\
order_id,line_id,customer_id,email,ordered_at,amount,currency,quantity,unit_price,discount,cost,product_id,\
product_name,category,channel,country,status,refund_of,updated_at
A1,1,A1,a@example.com,2024-05-01T10:00:00,10.00,EUR,1,10.00,0,5,toys-01,toys article 01,toys,email,DE,paid,,\
2024-05-01T10:00:00
"""
