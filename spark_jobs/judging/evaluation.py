"""What closed origins tell of a horizon: the blends' weights, the intervals, and how good all were.

The last closed origins are the holdout, one after the other: what predicts them saw only windows that had closed by
them. Pure: arrays in, what is chosen and a table of metrics out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from clv.core.declared import CONTESTANTS, OURS
from spark_jobs.ensemble import blending, conformal, totals
from spark_jobs.ensemble.blending import Blend
from spark_jobs.ensemble.conformal import Intervals
from spark_jobs.ensemble.forecast import Parts, Trained, blend, parts, predicted, setting
from spark_jobs.features import outcomes
from spark_jobs.features.columns import Array, Columns
from spark_jobs.judging import metrics, promotion
from spark_jobs.judging.promotion import ANCHOR, Decision
from spark_jobs.models.anchor import OriginFit
from spark_jobs.models.forecaster import Customers
from spark_jobs.models.rules import trailing

HEADROOM = 2.0  # no customer is predicted to spend more than this times the most that any customer spent


@dataclass(frozen=True)
class Holdout:
    """A closed origin of a horizon: what was learned by then and predicted of it, its level and what the anchor missed
    in buyers (in logs), the actual outcome, and what other forecasters predicted; arrays of shape (n,)."""

    window_days: int
    origin: str
    trained: Trained
    parts: Parts
    level: float
    missed: float
    bought: Array
    spent: Array
    others: dict[str, Array]
    trailing: Array

    def forecast(self, trained: Trained) -> tuple[Array, Array, float]:
        """Chance, mean money and its mean over all customers, blended with the weights of `trained`."""
        own, found = self.trained, self.parts
        if trained.learners is None:  # too few buyers now: what could be learned then is left out as well
            own, found = Trained(cap=own.cap), replace(found, chance=anchored(found), total=None, spend=None)
        elif own.learners is not None:
            own = _with_weights(own, trained)
        if trained.published != OURS:
            found = replace(found, other=self.others[trained.published])
        common = setting(own, found, self.level, self.missed)
        return *blend(own, found, common), common.mean


def hold_back(
    trained: Trained, fit: OriginFit, columns: Columns, window_days: int, origin: str, level: float, missed: float = 0.0
) -> Holdout:
    """Forecasts an origin with what was trained on windows closed by it.

    columns: FEATURE_COLUMNS, orders_next_h and revenue_next_h of the origin's customers who had a purchase day.
    """
    found = parts(trained, fit, columns, window_days)
    customers = Customers(columns, window_days, found.by_anchor)
    return Holdout(
        window_days,
        origin,
        trained,
        found,
        level,
        missed,
        outcomes.bought(columns, window_days),
        outcomes.spent(columns, window_days),
        {name: predicted(name, trained.fitted, customers) for name in trained.fitted},
        trailing.spent(columns, window_days),
    )


def anchored(found: Parts) -> dict[str, Array]:
    """The anchor's log-odds alone."""
    return {"anchor": found.chance["anchor"]}


def blended(trained: Trained, held_back: Sequence[Holdout], way: str) -> tuple[Trained, dict[str, Blend]]:
    """What was trained, with the weights that one of shop.BLENDS gives it, and what each way would have given it,
    from held-back origins, oldest first. Where nothing was learned, all is left as it is.

    Losses are of the origins that the weights were chosen on: stacking's is the least, whatever it is worth later.
    """
    if trained.learners is None:
        return trained, {}
    judged = [held for held in held_back if held.trained.learners is not None]
    log_odds = [np.array([held.parts.chance[name] for name in blending.USUAL_CHANCE]) for held in judged]
    bought, spent = [held.bought for held in judged], [held.spent for held in judged]
    buyers = float(held_back[-1].bought.sum()) if held_back else 0.0

    def parts_by(chance: Array) -> list[list[Array]]:
        weights = blending.named(chance, blending.USUAL_CHANCE)
        values = [held.parts.value(weights) for held in judged]
        return [[np.exp(value[name]) for name in blending.USUAL] for value in values]

    usual = blending.chance_weights(log_odds, bought)
    stacked = blending.stacked_chance(log_odds, bought, usual)
    weighted = blending.value_weights(parts_by(usual), spent, buyers)
    weights = {
        "weighted": (weighted, usual),
        "voting": (blending.voting(len(weighted)), blending.voting(len(usual))),
        "stacking": (blending.stacked_value(parts_by(stacked), spent, weighted), stacked),
    }
    found = {
        name: Blend(
            blending.named(value, blending.USUAL),
            blending.named(chance, blending.USUAL_CHANCE),
            blending.value_loss(parts_by(chance), spent, value),
            blending.chance_loss(log_odds, bought, chance),
        )
        for name, (value, chance) in weights.items()
    }
    return _with_weights(trained, found[way]), found


def calibrated(
    trained: Trained,
    held_back: Sequence[Holdout],
    most: float,
    total_spread: float = totals.UNMEASURED,
    contestants: Sequence[str] = CONTESTANTS,
) -> tuple[Trained, Decision | None]:
    """What was trained and blended, with intervals, spreads and a cap from its holdout, oldest origin first, and with
    the name of the contestant that is published. The decision goes along; there is none without held-back origins that
    were predicted in the same way, and the first contestant that could be fitted is published then.

    most: money that the largest customer brought in any closed window. total_spread: of the blend's total, see
    `totals.spread`; another forecaster's is taken from its own totals.
    """
    judged = [held for held in held_back if held.trained.learners is not None]
    decision = None
    contestants = [name for name in contestants if name == OURS or name in trained.fitted] or [OURS]
    trained = replace(trained, published=contestants[0])
    alike = judged if trained.learners is not None else held_back  # what was not learned then says nothing of it now
    alike = [held for held in alike if contestants[0] in (OURS, *held.others)]
    if tried := [held for held in alike if held.spent.sum() > 0]:
        decision = _decide(replace(trained, published=OURS), tried, contestants)
        trained = replace(trained, published=decision.published)
    held_back = tried if trained.published != OURS else held_back
    forecasts, spent = [held.forecast(trained) for held in held_back], [held.spent for held in held_back]
    intervals = conformal.calibrate(spent, [value for _, value, _ in forecasts], [p for p, _, _ in forecasts])
    if decision:
        inside = {
            held.origin: _within(held, intervals, *forecast)
            for held, forecast in zip(held_back, forecasts, strict=True)
        }
        coverage = [{"coverage_80": inside[origin]} for origin in decision.origins]
        decision = decision.with_measured(decision.published, coverage)
    if trained.published != OURS:
        total_spread = totals.spread(_total_errors(spent, [value for _, value, _ in forecasts]), 1)
    own = [intervals.own_spread(value, p, mean) for p, value, mean in forecasts]
    trained = replace(
        trained,
        intervals=intervals,
        total_spread=total_spread,
        group_spread=totals.group_spread(spent, [value for _, value, _ in forecasts], own),
        fitted={name: kept for name, kept in trained.fitted.items() if name == trained.published},
    )
    most = max(most, *(float(held.trailing.max(initial=0)) for held in held_back), 0.0)
    return replace(trained, cap=HEADROOM * most if most > 0 else np.inf), decision


def scores(trained: Trained, held_back: Sequence[Holdout]) -> dict[str, float]:
    """Metrics of the latest held-back origin by name, `<horizon>.<forecast>.<metric>`: ours, the anchor, and
    trailing spend.

    Weights and intervals were chosen on the same origins, so ours are a little flattering.
    """
    held_back = [held for held in held_back if trained.published in (OURS, *held.others)]
    if not held_back:
        return {}
    held = held_back[-1]
    p, value, mean = held.forecast(trained)
    median = trained.intervals.quantile(0.5, value, p, mean)
    anchor = held.parts.by_anchor
    table = {
        "ours": {
            **metrics.of_money(held.spent, value),
            "auc": metrics.auc(held.bought, p),
            "brier": metrics.brier(held.bought, p),
            "wape_of_median": metrics.wape(held.spent, median),
            "within_interval": _within(held, trained.intervals, p, value, mean),
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


def _decide(trained: Trained, held_back: Sequence[Holdout], contestants: Iterable[str]) -> Decision:
    own = [held.forecast(trained) for held in held_back]
    predicted_by = {OURS: [value for _, value, _ in own]}
    for name in contestants:
        if all(name in held.others for held in held_back):
            predicted_by[name] = [held.others[name] for held in held_back]
    origins = [held.origin for held in held_back]
    spent = [held.spent for held in held_back]
    decision = promotion.decide(held_back[0].window_days, origins, spent, predicted_by, contestants)
    chances = {OURS: [p for p, _, _ in own], ANCHOR: [held.parts.by_anchor.p_purchase for held in held_back]}
    for name in [name for name in chances if name in decision.measured]:
        by_origin = chances[name]
        found = [
            {"auc": metrics.auc(held.bought, p), "brier": metrics.brier(held.bought, p)}
            for held, p in zip(held_back, by_origin, strict=True)
        ]
        decision = decision.with_measured(name, found)
    return decision


def _total_errors(actual: Sequence[Array], predicted: Sequence[Array]) -> list[float]:
    """log of actual over predicted total, of the origins that brought money."""
    pairs = [(float(money.sum()), float(expected.sum())) for money, expected in zip(actual, predicted, strict=True)]
    return [float(np.log(money / expected)) for money, expected in pairs if money > 0 and expected > 0]


def _within(held: Holdout, intervals: Intervals, p: Array, value: Array, mean: float) -> float:
    """Share of an origin's customers whose money lay within their interval."""
    return float(metrics.coverage(held.spent, *intervals.bounds(value, p, mean)))


def _with_weights(own: Trained, chosen: Trained | Blend) -> Trained:
    return replace(own, value_weights=chosen.value_weights, chance_weights=chosen.chance_weights)
