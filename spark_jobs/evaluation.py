"""What closed origins say of a horizon: the blends' weights, the intervals, and how good all were.

The last closed origins are held back, one after the other: what forecasts them saw only windows that had closed by
them. Pure: arrays in, what is chosen and a table of metrics out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from spark_jobs import blending, conformal, metrics
from spark_jobs.anchor import OriginFit
from spark_jobs.baselines_rules import trailing
from spark_jobs.columns import Array, Columns
from spark_jobs.forecast import Parts, Trained, blend, parts, setting

HEADROOM = 2.0  # a customer is never said to spend more than this times the most that any customer spent


@dataclass(frozen=True)
class HeldBack:
    """A closed origin of a horizon: what was learned by then and said of it, its level (in logs), what happened, and
    trailing spend; arrays of shape (n,)."""

    window_days: int
    origin: str
    trained: Trained
    parts: Parts
    level: float
    bought: Array
    spent: Array
    trailing: Array

    def forecast(self, trained: Trained) -> tuple[Array, Array, float]:
        """Chance, mean money and its mean over all customers, blended with the weights of `trained`."""
        own = self.trained if self.trained.learners is None else _with_weights(self.trained, trained)
        common = setting(own, self.parts, self.level)
        return *blend(own, self.parts, common), common.mean


def hold_back(
    trained: Trained, fit: OriginFit, columns: Columns, window_days: int, origin: str, level: float
) -> HeldBack:
    """Forecasts an origin with what was trained on windows closed by it.

    columns: FEATURE_COLUMNS, orders_next_h and revenue_next_h of the origin's customers who had a purchase day.
    """
    return HeldBack(
        window_days,
        origin,
        trained,
        parts(trained, fit, columns, window_days),
        level,
        (columns[f"orders_next_{window_days}"] > 0).astype(float),
        np.maximum(columns[f"revenue_next_{window_days}"], 0),
        trailing(columns, window_days).mean,
    )


def calibrated(trained: Trained, held_back: Sequence[HeldBack]) -> Trained:
    """What was trained, with weights, intervals and a cap from its held-back origins, oldest first."""
    judged = [held for held in held_back if held.trained.learners is not None]
    if trained.learners is not None:
        chance = blending.chance_weights([held.parts.chance for held in judged], [held.bought for held in judged])
        trained = replace(trained, chance_weights=chance.tolist())
        buyers = float(held_back[-1].bought.sum()) if held_back else 0.0
        parts_of = [list(np.exp(held.parts.value(trained.chance_weights))) for held in judged]
        value = blending.value_weights(parts_of, [held.spent for held in judged], buyers)
        trained = replace(trained, value_weights=value.tolist())
    said = [held.forecast(trained) for held in held_back]
    spent = [held.spent for held in held_back]
    intervals = conformal.calibrate(spent, [value for _, value, _ in said], [p for p, _, _ in said])
    most = max((float(max(h.spent.max(initial=0), h.trailing.max(initial=0))) for h in held_back), default=0.0)
    return replace(trained, intervals=intervals, cap=HEADROOM * most if most > 0 else np.inf)


def scores(trained: Trained, held_back: Sequence[HeldBack]) -> dict[str, float]:
    """Metrics of the latest held-back origin by name, `<horizon>.<forecast>.<metric>`: ours, the anchor, and
    trailing spend.

    Weights and intervals were chosen on the same origins, so ours are a little flattering.
    """
    if not held_back:
        return {}
    held = held_back[-1]
    p, value, mean = held.forecast(trained)
    low, high = trained.intervals.bounds(value, p, mean)
    median = trained.intervals.quantile(0.5, value, p, mean)
    anchor = held.parts.said
    table = {
        "ours": {
            **metrics.of_money(held.spent, value),
            "auc": metrics.auc(held.bought, p),
            "brier": metrics.brier(held.bought, p),
            "wape_p50": metrics.wape(held.spent, median),
            "within_interval": float(np.mean((held.spent >= low) & (held.spent <= high))),
        },
        "anchor": {
            **metrics.of_money(held.spent, anchor.revenue),
            "auc": metrics.auc(held.bought, anchor.p_purchase),
            "brier": metrics.brier(held.bought, anchor.p_purchase),
        },
        "trailing": metrics.of_money(held.spent, held.trailing),
    }
    return {
        f"{held.window_days}.{forecast}.{metric}": round(number, 6)
        for forecast, row in table.items()
        for metric, number in row.items()
    }


def _with_weights(own: Trained, chosen: Trained) -> Trained:
    return replace(own, value_weights=chosen.value_weights, chance_weights=chosen.chance_weights)
