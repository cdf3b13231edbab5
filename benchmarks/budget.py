"""Measures how accuracy depends on how many customers a model learns from: python -m benchmarks.budget --data FOLDER

Draws 1,000 to 32,000 customers at each past date of each shop, trains on them, forecasts all customers over 180 days,
and prints normalised Gini, RMSE and |bias| by budget (means over origins, with standard errors), and the seconds of a
training. FOLDER holds the files of benchmarks.next_order. The smallest budget within one standard error of the best is
enough. Run it on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from benchmarks.next_order import SHOPS
from clv.catalog import tables
from clv.commands.console import steps
from clv.core import settings
from clv.evaluation.backtest import run, scratch
from clv.platform.runtime import stack
from clv.transform import dbt, dbt_environment
from clv.warehouse import db, model_choice
from spark_jobs import score, train
from spark_jobs.io import session
from spark_jobs.judging import metrics

BUDGETS = (1_000, 2_000, 4_000, 8_000, 16_000, 32_000)
HORIZON = 180  # days
METRICS = {"gini": metrics.normalized_gini, "rmse": metrics.rmse, "|bias|": metrics.bias}


def measured(origin: date, budget: int, trial: settings.Settings) -> dict[str, float]:
    """Trains at an origin on up to `budget` customers of each past date, and forecasts all customers. Returns the
    metrics and the seconds of the training."""
    run_id, own = f"{origin}-{budget}", dbt_environment.shop_variables
    past = [day.isoformat() for day in model_choice.training_origins(origin, trial)]
    variables = {"as_of_date": origin.isoformat(), "run_id": run_id}
    dbt.build("features", variables, trial)
    start = time.perf_counter()
    with patch.object(dbt_environment, "shop_variables", lambda home: own(home) | {"customers_per_origin": budget}):
        dbt.build("training", {**variables, "training_date": origin.isoformat(), "origins": past}, trial)
    model, _ = train.fit(trial, origin, run_id, run_id)
    seconds = time.perf_counter() - start
    score.predict(model, origin, run_id, trial)
    rows = run.rows(origin, run_id, HORIZON, trial)
    actual, predicted = rows.actual_amount.to_numpy(), rows.predicted_mean.fillna(0).to_numpy()
    return {name: float(metric(actual, predicted)) for name, metric in METRICS.items()} | {"seconds": seconds}


def judged(orders: Path, source: str | None, origins: list[date], home: settings.Settings, step: Any) -> str:
    """Returns the table of a shop: one line per budget."""
    with scratch.database(home, [HORIZON]) as trial, session.on_demand("budget", trial):
        with step(f"{orders.name}: the orders are loaded and cleaned"):
            run.load(run.Request(orders, source, HORIZON, origins), home, trial)
            dbt.build("staging", {}, trial)
            dbt.build("intermediate", {}, trial)
        (last,) = db.rows(f"select max(day) from {tables.INT_CUSTOMER_DAYS}", url=trial.warehouse_url)[0]  # noqa: S608 - our own names
        origins = [day for day in origins if day + timedelta(days=HORIZON) <= last + timedelta(days=1)]
        lines = []
        for budget in BUDGETS:
            with step(f"{orders.name}: {budget:,} customers"):
                found = [measured(origin, budget, trial) for origin in origins]
            lines.append([f"{budget:,}", *(_mean([one[name] for one in found]) for name in (*METRICS, "seconds"))])
    return "\n".join(f"| {' | '.join(line)} |" for line in [["customers", *METRICS, "seconds"], ["---"] * 5, *lines])


def _mean(values: list[float]) -> str:
    error = np.std(values, ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
    return f"{np.mean(values):.4g} ± {error:.2g}"


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.budget", description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("shops", nargs="*", metavar="SHOP", help=f"by default all: {', '.join(SHOPS)}")
    arguments = parser.parse_args()
    with steps() as step, stack.database(settings.load(), step) as home:
        for name in arguments.shops or SHOPS:
            file, source, origins = SHOPS[name]
            print(
                f"\n{name}\n\n{judged(arguments.data / file, source, [*map(date.fromisoformat, origins)], home, step)}"
            )


if __name__ == "__main__":
    main()
