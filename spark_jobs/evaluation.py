"""What the held-back origin of each horizon says: the blend's weights, the intervals, and how good all were.

For a horizon h the last closed origin is held back: the learners that forecast it saw only windows that had closed
by it. Pure: arrays in, a calibrated model and a table of metrics out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from spark_jobs import conformal, metrics
from spark_jobs.baselines_rules import trailing
from spark_jobs.examples import Columns, OriginFit
from spark_jobs.forecast import Model, Parts, blend, parts

Array = np.ndarray
WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0)
UNTESTED_WEIGHT = 0.5  # of learners that no held-back origin could judge
HEADROOM = 2.0  # a customer is never said to spend more than this times the most that any customer spent


@dataclass(frozen=True)
class HeldBack:
    """One horizon's last closed origin: both forecasts, what happened, and trailing spend; arrays of shape (n,)."""

    horizon_days: int
    origin: str
    learned: bool
    parts: Parts
    bought: Array
    spent: Array
    trailing: Array


def hold_back(model: Model, fit: OriginFit, columns: Columns, horizon_days: int, origin: str) -> HeldBack:
    """Forecasts an origin with a model that was trained on windows closed by it.

    columns: FEATURE_COLUMNS, orders_next_h and revenue_next_h of the origin's customers who had a purchase day.
    """
    return HeldBack(
        horizon_days,
        origin,
        model.learners is not None,
        parts(model, fit, columns, horizon_days),
        (columns[f"orders_next_{horizon_days}"] > 0).astype(float),
        np.maximum(columns[f"revenue_next_{horizon_days}"], 0),
        trailing(columns, horizon_days).mean,
    )


def calibrated(model: Model, held_back: list[HeldBack]) -> Model:
    """The model with weights, intervals and caps from its held-back origins.

    Weights are the least mean log-loss (buying) and Tweedie deviance after matching totals (money: the total is the
    season's doing, not the shape's), each over that of the probabilistic model alone.
    """
    judged = [held for held in held_back if held.learned]
    weight_p = weight_value = UNTESTED_WEIGHT if model.learners else 0.0
    if judged and model.learners:
        weight_p = _least([[_loss_p(held, w) for w in WEIGHTS] for held in judged])
        weight_value = _least([[_loss_value(held, w) for w in WEIGHTS] for held in judged])
    intervals, caps = {}, {}
    for held in held_back:
        p, value = _blend(held, weight_p, weight_value)
        intervals[held.horizon_days] = conformal.calibrate(held.spent, value, p)
        most = float(max(held.spent.max(initial=0), held.trailing.max(initial=0)))
        if most > 0:
            caps[held.horizon_days] = HEADROOM * most
    return replace(model, weight_p=weight_p, weight_value=weight_value, intervals=intervals, caps=caps)


def scores(model: Model, held_back: list[HeldBack]) -> dict[str, float]:
    """Metrics by name, `<horizon>.<forecast>.<metric>`: ours, BG/NBD with Gamma-Gamma, and trailing spend.

    Weights and intervals were chosen on the same origins, so ours are a little flattering.
    """
    found: dict[str, float] = {}
    for held in held_back:
        weights = (model.weight_p, model.weight_value) if held.learned else (0.0, 0.0)
        p, value = _blend(held, *weights)
        said = held.parts.said
        band = model.intervals[held.horizon_days]
        p10, p50, p90 = (band.quantile(level, value, p) for level in (0.1, 0.5, 0.9))
        table = {
            "ours": {
                **metrics.of_money(held.spent, value),
                "auc": metrics.auc(held.bought, p),
                "brier": metrics.brier(held.bought, p),
                "wape_p50": metrics.wape(held.spent, p50),
                "within_p10_p90": float(np.mean((held.spent >= p10) & (held.spent <= p90))),
                "below_p90": float(np.mean(held.spent <= p90)),
            },
            "bgnbd_gg": {
                **metrics.of_money(held.spent, said.revenue),
                "auc": metrics.auc(held.bought, said.p_purchase),
                "brier": metrics.brier(held.bought, said.p_purchase),
            },
            "trailing": metrics.of_money(held.spent, held.trailing),
        }
        for forecast, row in table.items():
            for metric, number in row.items():
                found[f"{held.horizon_days}.{forecast}.{metric}"] = round(number, 6)
    return found


def _blend(held: HeldBack, weight_p: float, weight_value: float) -> tuple[Array, Array]:
    return blend(held.parts, weight_p, weight_value)


def _loss_p(held: HeldBack, weight: float) -> float:
    return metrics.log_loss(held.bought, _blend(held, weight, 0)[0])


def _loss_value(held: HeldBack, weight: float) -> float:
    value = _blend(held, 0, weight)[1]
    return metrics.tweedie_deviance(held.spent, value * held.spent.sum() / value.sum())


def _least(losses: list[list[float]]) -> float:
    """The weight of least mean loss, each horizon's relative to no hurdle at all; the smaller one on a tie."""
    relative = np.array(losses) / np.maximum(np.array(losses)[:, :1], 1e-12)
    return WEIGHTS[int(np.argmin(np.round(relative.mean(axis=0), 9)))]
