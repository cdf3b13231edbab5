"""Runs a backtest: makes forecasts of past dates with the pipeline's own code, and compares them with the actual
outcomes.

At each origin the features, the model and the forecasts are computed from the orders before the origin alone, as a run
of that day would compute them. Nothing is published.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from clv import sources
from clv.catalog import outcomes, tables
from clv.core import masking, settings
from clv.core.errors import ClvError
from clv.core.options import LONGEST_HORIZON
from clv.core.progress import Step
from clv.core.sql_text import path_literal
from clv.evaluation.backtest import comparison, reading, scratch
from clv.sources.loading import rejections
from clv.transform import dbt
from clv.warehouse import db, model_choice
from spark_jobs import baselines, score, train
from spark_jobs.io import session
from spark_jobs.models import registry

SHORTEST_HORIZON = 7


@dataclass(frozen=True)
class Request:
    """The arguments of a backtest. orders: the file, or None for the orders of the warehouse. source: the name of the
    file's mapping, or None. horizon: in days."""

    orders: Path | None
    source: str | None
    horizon: int
    origins: list[date]


def run(
    request: Request,
    out: Path,
    home: settings.Settings,
    step: Step,
    write_page: Callable[[dict[str, Any], pd.DataFrame, Path, list[str]], Path],
) -> Path:
    """Writes predictions.parquet, metrics.json and report.html into the folder `out`; returns the report's path.

    step: `step(label)` is a context manager that shows progress. write_page: `clv.reporting.backtest.report.write`.
    Raises ClvError, in one line, for what the user must correct; the folder `out` is unchanged then,
    unless no origin had enough data: the page gives the reasons.
    """
    check(request)
    registry.load(home.contestants)
    frames, notes, explained = [], [], None
    with scratch.database(home, [request.horizon]) as trial:
        with step("the orders are loaded"):
            load(request, home, trial)
        with step("the orders are cleaned"):
            dbt.build("staging", {}, trial)
            dbt.build("intermediate", {}, trial)
        check_dates(request, trial)
        frames, notes, explained = at_all_origins(request, trial, step)
        new_customers = customers_to_come(request.horizon, trial)
    frame = with_original_ids(pd.concat(frames, ignore_index=True), request.orders)
    with step("the forecasts are judged"):
        result = comparison.compare(frame) | {"explained": comparison.plain(explained), "new_customers": new_customers}
        out.mkdir(parents=True, exist_ok=True)
        frame.to_parquet(out / "predictions.parquet", index=False)
        (out / "metrics.json").write_text(json.dumps(result, indent=1, allow_nan=False))
        page = write_page(result, frame, out, notes)
    if not result["origins"]:
        raise ClvError(f"{' '.join(notes)} {reading.NO_FORECAST_REMEDY} (page: {page})")
    return page


def check(request: Request) -> None:
    """Raises ClvError for invalid arguments."""
    if not SHORTEST_HORIZON <= request.horizon <= LONGEST_HORIZON:
        raise ClvError(
            f"--horizon {request.horizon}: give a number of days from {SHORTEST_HORIZON} to {LONGEST_HORIZON}"
        )
    if not request.origins:
        raise ClvError("--origins names no date; write for example --origins 2024-01-01,2024-04-01")
    if request.orders and not request.orders.exists():
        raise ClvError(f"{request.orders} does not exist; check --orders")
    if request.source and not request.orders:
        raise ClvError("--source says how to read a file; name the file with --orders, or leave --source out")


def load(request: Request, home: settings.Settings, trial: settings.Settings) -> None:
    """Loads the file through its mapping, or copies the orders of the home's warehouse."""
    if request.orders is None:
        scratch.copy_received(home, trial)
        return
    sources.load(request.source or plain_source(request.orders), request.orders, trial)


def plain_source(orders: Path) -> str:
    """The mapping for a file that names none: `orders` if the file has a column order_id, else `orders_without_id`."""
    return "orders" if "order_id" in columns_of(orders) else "orders_without_id"


def columns_of(orders: Path) -> dict[str, str]:
    """A file's columns and their types. Empty if the file cannot be read; loading it reports the reason."""
    reader = "read_parquet" if orders.suffix == ".parquet" else "read_csv"
    try:
        described = duckdb.execute(f"describe from {reader}({path_literal(orders)})").fetchall()
    except duckdb.Error:
        return {}
    return {column: kind for column, kind, *_ in described}


def check_dates(request: Request, trial: settings.Settings) -> None:
    """Raises ClvError if no order counts, if an origin has no orders before it, or if its window ends after the last
    order."""
    query = f"select min(day), max(day) from {tables.INT_CUSTOMER_DAYS} where orders > 0"  # noqa: S608 - our own names
    first, last = db.rows(query, url=trial.warehouse_url)[0]
    if first is None:
        raise ClvError(_no_orders(request, trial))
    for origin in request.origins:
        if origin <= first:
            raise ClvError(f"--origins {origin}: the first order is of {first}; choose a later date")
        if origin + timedelta(days=request.horizon) > last + timedelta(days=1):
            latest = last + timedelta(days=1 - request.horizon)
            raise ClvError(
                f"--origins {origin}: the {request.horizon} days after it are not over by the last order ({last}); "
                f"the latest date is {latest}"
            )


def _no_orders(request: Request, trial: settings.Settings) -> str:
    """The error when no order counts. Reasons for a file's rejected rows stand in it, masked, because `clv rejects`
    does not know the trial's batches."""
    if request.orders is None:
        return "the warehouse holds no order that counts; `clv rejects` lists the rejected rows"
    mapping = request.source or plain_source(request.orders)
    found, words = rejections.reasons(trial), rejections.known_words(mapping, trial)
    why = [
        f"{one.rows:,} rejected: {masking.reason(one.example, words)} (line {one.line})"
        for one in found[: rejections.REASONS_SHOWN]
    ]
    remedies = {remedy for one in found for remedy in rejections.remedies(one.batch_id, trial)}
    remedy = "; ".join(sorted(remedies)) or f"correct the file or its mapping, {mapping}"
    return "; ".join([f"{request.orders} holds no order that counts", *why, remedy])


def at_all_origins(
    request: Request, trial: settings.Settings, step: Step
) -> tuple[list[pd.DataFrame], list[str], dict[str, Any] | None]:
    """Makes the forecasts of every origin. Returns the rows of each origin, notes for the reader, and the drivers of
    the latest origin with a forecast."""
    frames, notes, explained = [], [], {}
    with session.running("backtest", trial, session.LEARNING):
        for origin in request.origins:
            run_id = f"backtest-{origin}"
            with step(f"{origin}: the features are built"):
                dbt.build("features", {"as_of_date": origin.isoformat(), "run_id": run_id}, trial, to_publish=False)
            reason = model_choice.unmet_requirement(origin, trial)
            if reason:
                notes.append(f"{origin}: {reason}. No forecast was made.")
                write_no_forecast(origin, run_id, reason, trial)
            else:
                remarks, explained[origin] = forecast(origin, run_id, trial, step)
                notes += remarks
            frames.append(rows(origin, run_id, request.horizon, trial))
    return frames, notes, explained[max(explained)] if explained else None


def write_no_forecast(origin: date, run_id: str, reason: str, trial: settings.Settings) -> None:
    """Writes a row for every customer with the reason why there is no forecast."""
    score.write_too_little_data(trial, origin, run_id, reason)


def forecast(origin: date, run_id: str, trial: settings.Settings, step: Step) -> tuple[list[str], dict[str, Any]]:
    """Trains a model for an origin, scores its customers, and runs the baselines.

    Returns notes for the reader, and the drivers (see `spark_jobs.explain.explained.explain`) of the window from which
    the longest horizon is forecast.
    """
    training = origin.isoformat()
    before = [day.isoformat() for day in model_choice.training_origins(origin, trial)]
    if before:
        with step(f"{origin}: the closed windows are built"):
            variables = {"as_of_date": training, "run_id": run_id, "training_date": training, "origins": before}
            dbt.build("training", variables, trial)
    with step(f"{origin}: the model is trained"):
        model, record = train.fit(trial, origin, run_id, f"trained-{origin}")
    with step(f"{origin}: the customers are scored"):
        scored = score.predict(model, origin, run_id, trial)
    with step(f"{origin}: the baselines are computed"):
        facts = baselines.run(origin, run_id, origin, trial, [trial.horizons[-1]])
    longest = str(trial.horizons[-1])
    basis = model.basis(trial.horizons[-1])
    remarks = []
    if basis.startswith("baseline"):
        remarks.append(f"{origin}: on earlier dates the {basis} was better at everything, so it makes the forecast.")
    elif basis != "trained":
        remarks.append(f"{origin}: the forecast is {basis}: no window of {longest} days was over by then.")
    remarks += [f"{origin}: {remark}." for remark in scored.get("remarks", [])]
    left_out = facts["left_out"].get(longest, {})
    remarks += [f"{origin}: {name} is left out: {why}." for name, why in sorted(left_out.items())]
    window = model.base(trial.horizons[-1])
    explained = record.explained.get(window or 0, {"learned": False})
    return remarks, {"trained_for": training, "window_days": window, **explained}


def rows(origin: date, run_id: str, horizon: int, trial: settings.Settings) -> pd.DataFrame:
    """One row per customer with an order before the origin: the forecast, the baselines' predictions, and the actual
    outcome."""
    url, values = trial.warehouse_url, {"origin": origin, "run_id": run_id, "horizon": horizon}
    query = f"""
        with next_orders as (
            select customer_key, min(day) - %(origin)s as days from {tables.INT_OUTCOME_DAYS}
            where day >= %(origin)s and is_purchase_day group by customer_key
        ),
        followed as (select max(day) + 1 - %(origin)s as days from {tables.INT_CUSTOMER_DAYS} where orders > 0)
        select
            predictions.customer_key::text, customers.customer_id, predictions.status, predictions.status_reason,
            predictions.basis, predictions.p_purchase, predictions.expected_orders,
            predictions.predicted_revenue as predicted_mean,
            predictions.predicted_p10, predictions.predicted_p50, predictions.predicted_p90,
            coalesce(actual.purchases, 0)::integer as actual_orders,
            coalesce(actual.revenue, 0)::double precision as actual_amount,
            predictions.days_to_next_order, predictions.own_spread, predictions.total_spread, predictions.group_spread,
            features.gap_mean - features.days_since_last_order as rhythm_days,
            next_orders.days::double precision as actual_days_to_next_order,
            followed.days as followed_days
        from {tables.CUSTOMER_PREDICTIONS} as predictions
        inner join {tables.CUSTOMER_FEATURES} as features using (as_of_date, run_id, customer_key)
        cross join followed
        inner join {tables.CUSTOMERS} as customers using (customer_key)
        left join {outcomes.WITHIN} as actual using (customer_key)
        left join next_orders using (customer_key)
        where predictions.as_of_date = %(origin)s and predictions.run_id = %(run_id)s
            and predictions.horizon_days = %(horizon)s
        order by customers.customer_id
    """  # noqa: S608 - our own names
    baselines = f"""
        select customer_key::text, model, p_purchase, predicted_mean, predicted_p50
        from {tables.BASELINE_PREDICTIONS}
        where as_of_date = %(origin)s and run_id = %(run_id)s and horizon_days = %(horizon)s
    """  # noqa: S608 - our own names
    frame = _frame(query, values, url)
    compared = _frame(baselines, values, url).pivot(index="customer_key", columns="model")
    compared.columns = pd.Index([f"{model}.{output}" for output, model in compared.columns])
    frame = frame.join(compared[sorted(compared.columns)], on="customer_key").drop(columns="customer_key")
    frame.insert(1, "origin", origin)
    frame.insert(2, "horizon_days", horizon)
    return frame


def customers_to_come(horizon: int, trial: settings.Settings) -> dict[str, Any]:
    """By origin with a forecast, the number and the revenue of customers who first order within the horizon: expected,
    with both bounds of the interval, and actual."""
    query = f"""
        with first as (
            select customer_key, min(day) as first_day from {tables.INT_CUSTOMER_DAYS} where orders > 0 group by 1
        )
        select
            expected.as_of_date, customers, customers_low, customers_high, revenue, revenue_low, revenue_high,
            count(distinct days.customer_key) as actual_customers,
            coalesce(sum(days.net_revenue), 0)::double precision as actual_revenue
        from {tables.NEW_CUSTOMERS} as expected
        left join first on first_day >= as_of_date and first_day < as_of_date + horizon_days
        left join {tables.INT_CUSTOMER_DAYS} as days
            on days.customer_key = first.customer_key and days.day >= first_day and days.day < as_of_date + horizon_days
        where horizon_days = %(horizon)s
        group by expected.as_of_date, expected.run_id, expected.horizon_days order by expected.as_of_date
    """  # noqa: S608 - our own names
    rows = _frame(query, {"horizon": horizon}, trial.warehouse_url).astype({"as_of_date": str}).set_index("as_of_date")
    return rows.astype(float).to_dict(orient="index")  # type: ignore[return-value]


def with_original_ids(frame: pd.DataFrame, orders: Path | None) -> pd.DataFrame:
    """Restores the type of customer_id in a Parquet file: whole numbers if the file holds whole numbers, else text."""
    kind = columns_of(orders).get("customer_id", "") if orders and orders.suffix == ".parquet" else ""
    return frame.astype({"customer_id": "int64"}) if "INT" in kind else frame


def _frame(query: str, values: dict, url: str) -> pd.DataFrame:
    with db.connect(url) as connection:
        cursor = connection.execute(query, values)  # type: ignore[arg-type]
        return pd.DataFrame(cursor.fetchall(), columns=pd.Index([column.name for column in cursor.description or []]))
