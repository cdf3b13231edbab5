"""A trained model and what it says of customers at a date. Pure: arrays in, arrays out.

The mean is a geometric blend of two forecasts: BG/NBD with Gamma-Gamma, and a hurdle of two boosted learners (does
the customer buy; what does a buyer spend) that start from it. A horizon that had no closed origin extends the
longest shorter one by the probabilistic models' ratio.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import xgboost
from scipy.special import expit, logit

from clv.settings import HORIZONS
from spark_jobs import examples
from spark_jobs.conformal import Intervals, unmeasured
from spark_jobs.discounting import discount_factor
from spark_jobs.examples import Columns, OriginFit, Probabilistic

Array = np.ndarray
LIFETIME = 1825  # days: the remaining lifetime is cut at five years
LARGEST_FACTOR = 3.0  # in logs: how far a learner may move a customer's spend from its offset


@dataclass(frozen=True)
class Learners:
    """Two boosters in XGBoost's own JSON: log-odds of buying, and log of a buyer's spend."""

    buy: bytes
    spend: bytes

    @cached_property
    def boosters(self) -> tuple[xgboost.Booster, xgboost.Booster]:
        """Both, ready to predict on one thread."""
        loaded = []
        for raw in (self.buy, self.spend):
            booster = xgboost.Booster({"nthread": 1})
            booster.load_model(bytearray(raw))
            loaded.append(booster)
        return loaded[0], loaded[1]


@dataclass(frozen=True)
class Model:
    """What training leaves. `asked` are the horizons to forecast, shortest first, `horizons` those of them with closed
    origins; `weight_p` and `weight_value` are the hurdle's share in the blend; `caps` the most a customer is said to
    spend over a horizon (money)."""

    version: str = "none"
    horizons: list[int] = field(default_factory=list)
    weight_p: float = 0.0
    weight_value: float = 0.0
    caps: dict[int, float] = field(default_factory=dict)
    intervals: dict[int, Intervals] = field(default_factory=dict)
    learners: Learners | None = None
    asked: list[int] = field(default_factory=lambda: list(HORIZONS))

    @property
    def all_horizons(self) -> list[int]:
        """What is forecast: the horizons asked for, and the remaining lifetime."""
        return [*self.asked, LIFETIME]

    def base(self, horizon_days: int) -> int | None:
        """The longest horizon with closed origins that is no longer than this one."""
        return max((h for h in self.horizons if h <= horizon_days), default=None)

    def basis(self, horizon_days: int) -> str:
        """In words, what a horizon's forecast rests on."""
        base = self.base(horizon_days)
        if base is None or self.learners is None:
            return "probabilistic"
        return "trained" if base == horizon_days else f"extended from {base} days"


@dataclass(frozen=True)
class Parts:
    """Two forecasts of one horizon, arrays of shape (n,): the probabilistic one and the boosted one."""

    said: Probabilistic
    p: Array
    value: Array


@dataclass(frozen=True)
class Forecast:
    """What is said of customers over one horizon, arrays of shape (n,); money in the warehouse's currency."""

    p_alive: Array
    p_purchase: Array
    expected_orders: Array
    revenue: Array
    p10: Array
    p50: Array
    p90: Array
    discount_factor: Array
    basis: str


def save(model: Model, folder: Path, record: dict) -> None:
    """Writes a model as model.json, buy.json and spend.json; `record` (metrics, parameters) goes along."""
    folder.mkdir(parents=True, exist_ok=True)
    parameters = {name: value for name, value in asdict(model).items() if name != "learners"}
    (folder / "model.json").write_text(json.dumps({**parameters, "record": record}, indent=1, sort_keys=True))
    if model.learners:
        (folder / "buy.json").write_bytes(model.learners.buy)
        (folder / "spend.json").write_bytes(model.learners.spend)


def load(folder: Path) -> Model:
    """The model that `save` wrote."""
    saved = json.loads((folder / "model.json").read_text())
    saved.pop("record")
    saved["caps"] = {int(h): cap for h, cap in saved["caps"].items()}
    saved["intervals"] = {int(h): Intervals(**kept) for h, kept in saved["intervals"].items()}
    learners = None
    if (folder / "buy.json").exists():
        learners = Learners((folder / "buy.json").read_bytes(), (folder / "spend.json").read_bytes())
    return Model(**saved, learners=learners)


def margins(learners: Learners, inputs: Array, said: Probabilistic) -> tuple[Array, Array]:
    """Log-odds of buying and log spend of a buyer, each of shape (n,), from the offsets of `said`."""
    buy, spend = learners.boosters
    start_buy, start_spend = offsets(said)
    log_odds = buy.predict(rows_of(inputs, start_buy), output_margin=True)
    log_spend = spend.predict(rows_of(inputs, start_spend), output_margin=True)
    moved = np.clip(log_spend - start_spend, -LARGEST_FACTOR, LARGEST_FACTOR)
    return log_odds.astype(float), start_spend + moved


def rows_of(inputs: Array, start: Array) -> xgboost.DMatrix:
    """Customers as a booster takes them: their inputs, and the margin from which it starts."""
    return xgboost.DMatrix(inputs, base_margin=start, feature_names=list(examples.SHAPE), nthread=1)


def offsets(said: Probabilistic) -> tuple[Array, Array]:
    """Where the learners start: log-odds of a purchase, and log of the money of a customer who buys."""
    return logit(said.p_purchase), np.log(said.revenue / said.p_purchase)


def parts(model: Model, fit: OriginFit, columns: Columns, horizon_days: int) -> Parts:
    """Both forecasts of a horizon, the boosted one extended where the horizon has no closed origin."""
    said = examples.probabilistic(fit, columns, horizon_days)
    base = model.base(horizon_days)
    if model.learners is None or base is None:
        return Parts(said, said.p_purchase, said.revenue)
    known = said if base == horizon_days else examples.probabilistic(fit, columns, base)
    inputs = examples.shape(fit, columns, known, base)
    log_odds, log_spend = margins(model.learners, inputs, known)
    p = expit(log_odds)
    value = p * np.exp(log_spend)
    if base != horizon_days:
        p = 1 - (1 - p) * np.clip((1 - said.p_purchase) / (1 - known.p_purchase), 0, 1)
        value = value * np.maximum(said.revenue / known.revenue, 1)
    return Parts(said, np.clip(p, 1e-9, 1 - 1e-9), value)


def blend(found: Parts, weight_p: float, weight_value: float) -> tuple[Array, Array]:
    """Chance of an order and mean money, shape (n,): means of log-odds and of logs; weights are the hurdle's."""
    p = expit(weight_p * logit(found.p) + (1 - weight_p) * logit(found.said.p_purchase))
    log_value = weight_value * np.log(np.maximum(found.value, 1e-12)) + (1 - weight_value) * np.log(found.said.revenue)
    return p, np.exp(log_value)


def cap(model: Model, horizon_days: int) -> float:
    """The most a customer is said to spend over a horizon."""
    base = model.base(horizon_days)
    return model.caps[base] * horizon_days / base if base in model.caps else np.inf


def forecast(model: Model, fit: OriginFit, columns: Columns, rate: float) -> dict[int, Forecast]:
    """What is said of customers with at least one purchase day, per horizon of the model.

    columns: FEATURE_COLUMNS, each of shape (n,). rate: discount rate a year. A longer horizon never says less than
    a shorter one, and nothing is negative, missing or infinite.
    """
    x, _, T = examples.history(columns)
    result: dict[int, Forecast] = {}
    floor: dict[str, Array] = {}
    for horizon in model.all_horizons:
        found = parts(model, fit, columns, horizon)
        p, value = blend(found, model.weight_p, model.weight_value)
        value = np.minimum(value, cap(model, horizon))
        band = model.intervals.get(model.base(horizon) or 0, unmeasured())
        # The bins of a longer horizon are its base's: customers are looked up by what the base says of them.
        scale = value / np.maximum(floor["base_value"], 1e-12) if _extends(model, horizon, floor) else 1.0
        quantiles = {
            name: scale * band.quantile(level, value / scale, p)
            for name, level in (("p10", 0.1), ("p50", 0.5), ("p90", 0.9))
        }
        orders = np.maximum(p, found.said.orders * p / found.said.p_purchase)
        now = {"p_purchase": p, "expected_orders": orders, "revenue": value, **quantiles}
        now = {name: np.maximum(array, floor.get(name, 0)) for name, array in now.items()}
        base_value = now["revenue"] if model.base(horizon) == horizon else floor.get("base_value", now["revenue"])
        floor = {**now, "base_value": base_value}
        result[horizon] = Forecast(
            p_alive=found.said.p_alive,
            discount_factor=discount_factor(fit.bgnbd, x, T, horizon, rate),
            basis=model.basis(horizon),
            **now,
        )
    return result


def _extends(model: Model, horizon: int, floor: dict[str, Array]) -> bool:
    return model.base(horizon) not in (None, horizon) and "base_value" in floor
