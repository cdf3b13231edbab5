"""Turns the drivers of each customer's forecast into reasons for the value and for the risk, batch by batch on Spark.

One row of numbers describes a customer. For each of two outcomes, discounted revenue and the probability of an order,
it holds the log (or log-odds) and the contribution of each group of drivers; then follow the figures that sentences
use. The average customer, with whom each customer is compared, is one row of the same numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as sf
from scipy.special import logit

from clv.catalog import tables
from clv.core.settings import Settings
from clv.warehouse import db
from clv.warehouse.roles import MODELLER
from spark_jobs.ensemble.forecast import Forecast, Model
from spark_jobs.ensemble.parts import LEAST
from spark_jobs.explain import attribution, reasons
from spark_jobs.explain.claims import Compared
from spark_jobs.features.columns import Array, Columns
from spark_jobs.models.anchor import LEAST_PROBABILITY, OriginFit

LEAST_ORDER = 0.01  # least revenue whose log is taken, as a share of the shop's mean order value
WIDTH = 1 + len(reasons.NAMES)
MONEY, CHANCE = slice(0, WIDTH), slice(WIDTH, 2 * WIDTH)
FIGURES = slice(2 * WIDTH, 2 * WIDTH + len(reasons.FIGURES))
SIZE = FIGURES.stop


@dataclass(frozen=True)
class Average:
    """The average customer for one outcome: the mean forecast, the contribution of each group, shape (groups,), and the
    figures that sentences use."""

    mean: float
    contributions: Array
    figures: dict[str, float]


@dataclass(frozen=True)
class Averages:
    """What a date's reasons are relative to: the number of customers, their mean revenue, and the average customer for
    each outcome."""

    customers: int
    revenue: float
    money: Average
    risk: Average


def explained(model: Model, fit: OriginFit, columns: Columns, horizon_days: int, forecast: Forecast) -> Array:
    """Returns one row of numbers per customer, shape (n, SIZE), with NaN for missing values. forecast: the predictions
    over the same horizon."""
    money, chance = (
        attribution.by_group(found, reasons.GROUPS)
        for found in attribution.attribute(model, fit, columns, horizon_days)
    )
    worth = np.log(np.maximum(forecast.revenue * forecast.discount_factor, LEAST_ORDER * fit.gamma_gamma.mean))
    return np.column_stack([worth, money, _log_odds(forecast.p_purchase), chance, reasons.figures(columns)])


def averages(rows: DataFrame) -> Averages:
    """Computes the average customer of both outcomes. The sums are exact decimals, so they are the same in any order of
    the rows.

    rows: a data frame with `explained`, p_purchase, predicted_revenue and discount_factor; rows without `explained` are
    left out.
    """
    exact = "decimal(38,10)"
    weights = {
        "alike": sf.lit(1.0), "revenue": sf.col("predicted_revenue"), "chance": sf.col("p_purchase"),
        "money": sf.col("predicted_revenue") * sf.col("discount_factor"),
    }  # fmt: skip
    each = rows.where(sf.col("explained").isNotNull()).select(
        *(weight.alias(name) for name, weight in weights.items()), sf.posexplode("explained")
    )
    # Average figures as log(1 + value), over the customers for whom they are known.
    number = sf.when(sf.col("pos") >= FIGURES.start, sf.log1p("col")).otherwise(sf.col("col"))
    each = each.withColumn("col", number).where(~sf.isnan("col"))
    sums = [sf.sum(sf.col(name).cast(exact)).alias(name) for name in weights]
    sums += [sf.sum((sf.col(name) * sf.col("col")).cast(exact)).alias(f"of_{name}") for name in weights]
    found = {row["pos"]: row.asDict() for row in each.groupBy("pos").agg(*sums).collect()}
    if not found:
        nobody = Average(0.0, np.zeros(WIDTH - 1), {})
        return Averages(0, 0.0, nobody, nobody)
    means = {
        name: np.array([float(row[f"of_{name}"] / row[name]) if row.get(name) else np.nan for row in rows])
        for rows in [[found.get(place, {}) for place in range(SIZE)]]
        for name in weights
    }
    customers = found[0]["alike"]
    money, chance, revenue = (float(found[0][name] / customers) for name in ("money", "chance", "revenue"))
    return averages_of(int(customers), revenue, money, chance, means)


def averages_of(customers: int, revenue: float, money: float, chance: float, means: dict[str, Array]) -> Averages:
    """Computes the average customers.

    revenue, money, chance: means of revenue, discounted revenue and the probability of an order. means: means of the
    numbers of `explained` (figures as log(1 + value)): unweighted (`alike`), weighted by discounted revenue (`money`),
    and weighted by the probability of an order (`chance`).
    """

    def average(weight: str, places: slice, link: float, mean: float) -> Average:
        plain, weighted = (np.concatenate([means[w][places], means[w][FIGURES]]) for w in ("alike", weight))
        row = attribution.average_customer(plain, np.where(np.isnan(weighted), plain, weighted), link)
        usual = np.maximum(np.expm1(row[WIDTH:]), 0)
        return Average(mean, row[1:WIDTH], dict(zip(reasons.FIGURES, usual.tolist(), strict=True)))

    return Averages(
        customers, revenue,
        average("money", MONEY, _log_money(money), money),
        average("chance", CHANCE, float(_log_odds(np.array(chance))), chance),
    )  # fmt: skip


def give_reasons(batch: pa.RecordBatch, average: Averages, horizon_days: int) -> tuple[list[str], list[str]]:
    """Returns the reasons of each customer as JSON: those for the value, with effects on revenue, and those for the
    risk, in percentage points.

    batch: rows with `explained`, `rule`, p_purchase, predicted_revenue and discount_factor.
    """
    rows = batch.column("explained").flatten().to_numpy().reshape(-1, SIZE)
    revenue, discount, p = (
        batch.column(name).to_numpy() for name in ("predicted_revenue", "discount_factor", "p_purchase")
    )
    money, chance = average.money, average.risk
    mean = _log_money(money.mean)
    worth = attribution.effects(
        rows[:, MONEY][:, 1:], money.contributions,
        rows[:, MONEY.start] - mean, revenue * discount - money.mean, np.full(len(p), money.mean),
    )  # fmt: skip
    points = attribution.effects(
        rows[:, CHANCE][:, 1:], chance.contributions,
        rows[:, CHANCE.start] - _log_odds(np.array(chance.mean)), 100 * (p - chance.mean),
        np.full(len(p), 100 * chance.mean * (1 - chance.mean)),
    )  # fmt: skip
    figures = dict(zip(reasons.FIGURES, rows[:, FIGURES].T, strict=True))
    rules = batch.column("rule").to_pylist() if batch.column("rule").null_count < len(batch) else None
    valued = Compared(figures, money.figures, horizon_days, rules)
    risky = Compared(figures, chance.figures, horizon_days)
    return reasons.reasons_of(worth / discount[:, None], valued, 1), reasons.reasons_of(-points, risky, -1)


def shares_explained(where: dict[str, Any], horizon_days: int, settings: Settings) -> dict[str, float]:
    """Returns, for the value and for the risk, the share of scored customers whose named reasons explain more than half
    of their difference from the mean."""
    query = f"""
        with predictions as (
            select
                predicted_revenue * discount_factor as value, 100 * (1 - p_purchase) as risk,
                discount_factor * {_named("reasons")} as value_named, {_named("risk_reasons")} as risk_named
            from {tables.CUSTOMER_PREDICTIONS}
            where as_of_date = %(as_of_date)s and run_id = %(run_id)s and horizon_days = %(horizon)s
                and status = 'scored'
        ),
        apart as (
            select *, value - avg(value) over () as value_apart, risk - avg(risk) over () as risk_apart from predictions
        )
        select
            avg((abs(value_apart - value_named) < abs(value_named))::int)::float8,
            avg((abs(risk_apart - risk_named) < abs(risk_named))::int)::float8
        from apart
    """  # noqa: S608 - our own SQL; values are bound or quoted
    value, risk = db.rows(query, where | {"horizon": horizon_days}, settings.url_as(MODELLER))[0]
    return {"value": round(value or 0.0, 4), "risk": round(risk or 0.0, 4)}


def _named(column: str) -> str:
    return f"coalesce((select sum((one ->> 'effect')::float8) from jsonb_array_elements({column}) as one), 0)"  # noqa: S608 - our own SQL; values are bound or quoted


def _log_odds(p: Array) -> Array:
    return logit(np.clip(p, LEAST_PROBABILITY, 1 - LEAST_PROBABILITY))


def _log_money(mean: float) -> float:
    return float(np.log(max(mean, LEAST)))
