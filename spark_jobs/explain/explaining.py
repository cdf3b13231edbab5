"""Turns the drivers of each customer's forecast into reasons for the value and for the risk, batch by batch.

One row of numbers describes a customer. For each of two outcomes, discounted revenue and the probability of an order,
it holds the log (or log-odds) and the contribution of each group of drivers; then follow the figures that sentences
use. The average customer, with whom each customer is compared, is one row of the same numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from scipy.special import logit

from spark_jobs.ensemble.forecast import Forecast, Model
from spark_jobs.ensemble.parts import LEAST, Parts
from spark_jobs.explain import attribution, reasons
from spark_jobs.explain.claims import Compared
from spark_jobs.features.columns import Array, Columns
from spark_jobs.models.anchor import LEAST_PROBABILITY, OriginFit

LEAST_ORDER = 0.01  # least revenue whose log is taken, as a share of the shop's mean order value
WIDTH = 1 + len(reasons.NAMES)
MONEY, CHANCE = slice(0, WIDTH), slice(WIDTH, 2 * WIDTH)
FIGURES = slice(2 * WIDTH, 2 * WIDTH + len(reasons.FIGURES))
SIZE = FIGURES.stop
WEIGHTS = ("alike", "revenue", "chance", "money")  # of customers in means; money is discounted revenue
UNIT = 2**40  # parts of one that sums count: finer than any published digit


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


@dataclass(frozen=True)
class Sums:
    """Exact sums over customers, in units of 1 / UNIT. by_weight: for each of WEIGHTS, the weights of the customers who
    have a value, and the weighted values of `explained` (figures as log(1 + value)), SIZE of each."""

    by_weight: dict[str, list[list[int]]] = field(
        default_factory=lambda: {name: [[0] * SIZE, [0] * SIZE] for name in WEIGHTS}
    )

    def __add__(self, other: Sums) -> Sums:
        """Returns the sums over both groups of customers."""
        return Sums({
            name: [list(map(int.__add__, *both)) for both in zip(found, other.by_weight[name], strict=True)]
            for name, found in self.by_weight.items()
        })  # fmt: skip


def explained(
    model: Model, fit: OriginFit, columns: Columns, horizon_days: int, forecast: Forecast, parts: Parts | None = None
) -> Array:
    """Returns one row of numbers per customer, shape (n, SIZE), with NaN for missing values. forecast: the predictions
    over the same horizon. parts: the customers' parts of its window, if they are known."""
    money, chance = (
        attribution.by_group(found, reasons.GROUPS)
        for found in attribution.attribute(model, fit, columns, horizon_days, parts)
    )
    worth = np.log(np.maximum(forecast.revenue * forecast.discount_factor, LEAST_ORDER * fit.gamma_gamma.mean))
    return np.column_stack([worth, money, _log_odds(forecast.p_purchase), chance, reasons.figures(columns)])


def sums(batch: pa.RecordBatch) -> Sums:
    """Returns the sums over a batch of rows that have `explained`, p_purchase, predicted_revenue and
    discount_factor."""
    rows, revenue, discount, p = _arrays(batch)
    rows = np.column_stack([rows[:, : FIGURES.start], np.log1p(rows[:, FIGURES])])
    known = ~np.isnan(rows)
    rows = np.where(known, rows, 0.0)
    weights = (np.ones(len(rows)), revenue, p, revenue * discount)
    return Sums({
        name: [_exact(weight[:, None] * known), _exact(weight[:, None] * rows)]
        for name, weight in zip(WEIGHTS, weights, strict=True)
    })  # fmt: skip


def _exact(values: Array) -> list[int]:
    """Returns the sums of columns in units of 1 / UNIT, exact for values up to 1e12. Integers have the same sum in any
    order, unlike floating-point numbers."""
    whole = np.rint(values)
    rest = np.rint((values - whole) * UNIT)
    totals = (part.astype(np.int64).sum(axis=0).tolist() for part in (whole, rest))
    return [large * UNIT + small for large, small in zip(*totals, strict=True)]


def averages(total: Sums) -> Averages:
    """Computes the average customer of both outcomes from the sums over all customers."""
    customers = total.by_weight["alike"][0][0] // UNIT
    if not customers:
        nobody = Average(0.0, np.zeros(WIDTH - 1), {})
        return Averages(0, 0.0, nobody, nobody)
    means = {
        name: np.array([of / weight if weight else np.nan for weight, of in zip(*both, strict=True)])
        for name, both in total.by_weight.items()
    }
    alike = total.by_weight["alike"][0][0]
    money, chance, revenue = (total.by_weight[name][0][0] / alike for name in ("money", "chance", "revenue"))
    return averages_of(customers, revenue, money, chance, means)


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


def give_reasons(
    batch: pa.RecordBatch, average: Averages, horizon_days: int
) -> tuple[tuple[list[str], int], tuple[list[str], int]]:
    """Returns the reasons of each customer as JSON: those for the value, with effects on revenue, and those for the
    risk, in percentage points. Returns with both the number of customers whose named reasons explain more than half of
    their difference from the mean.

    batch: rows with `explained`, `rule`, p_purchase, predicted_revenue and discount_factor.
    """
    rows, revenue, discount, p = _arrays(batch)
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
    texts, named = reasons.reasons_of(worth / discount[:, None], valued, 1)
    risk_texts, risk_named = reasons.reasons_of(-points, risky, -1)
    value_apart, risk_apart = revenue * discount - money.mean, 100 * (chance.mean - p)
    return (texts, _outweighing(discount * named, value_apart)), (risk_texts, _outweighing(risk_named, risk_apart))


def _outweighing(named: Array, apart: Array) -> int:
    return int((np.abs(apart - named) < np.abs(named)).sum())


def _arrays(batch: pa.RecordBatch) -> tuple[Array, Array, Array, Array]:
    rows = batch.column("explained").flatten().to_numpy().reshape(-1, SIZE)
    names = ("predicted_revenue", "discount_factor", "p_purchase")
    revenue, discount, p = (batch.column(name).to_numpy() for name in names)
    return rows, revenue, discount, p


def _log_odds(p: Array) -> Array:
    return logit(np.clip(p, LEAST_PROBABILITY, 1 - LEAST_PROBABILITY))


def _log_money(mean: float) -> float:
    return float(np.log(max(mean, LEAST)))
