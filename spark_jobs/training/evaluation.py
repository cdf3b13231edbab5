"""Judges a window's model on its holdouts: chooses the weights of the blend, the intervals, and the published
forecaster, and measures each contestant.

The holdouts are the latest origins whose window has closed. Each is predicted by a model trained only on windows that
had closed by the holdout's date. Pure functions: arrays in, choices and metrics out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from clv.core.declared import ANCHOR, CONTESTANTS, OURS
from clv.core.errors import ClvError
from clv.core.options import BLENDS
from spark_jobs.ensemble import blending, combining, conformal, totals
from spark_jobs.ensemble.blending import Blend, Weights
from spark_jobs.ensemble.combining import Evidence
from spark_jobs.ensemble.conformal import Intervals
from spark_jobs.ensemble.forecast import blend, setting
from spark_jobs.ensemble.level import Level
from spark_jobs.ensemble.parts import Parts, Trained, parts, predicted
from spark_jobs.features import outcomes
from spark_jobs.features.columns import Array, Columns
from spark_jobs.judging import metrics, promotion
from spark_jobs.judging.promotion import Decision
from spark_jobs.models import examples, registry
from spark_jobs.models.anchor import OriginFit
from spark_jobs.models.forecaster import Customers
from spark_jobs.models.rules import trailing

CAP_FACTOR = 2.0  # the largest prediction for a customer, as a multiple of the highest actual spend of a customer


@dataclass(frozen=True)
class Holdout:
    """A holdout.

    trained: the model that was trained by its date. parts: this model's predictions. level: as it was predicted then.
    customer: a number that identifies the customer at every origin, shape (n,). bought, spent: the actual outcome,
    shape (n,). others: the predictions of the other contestants. trailing: the trailing spend.
    """

    window_days: int
    origin: str
    trained: Trained
    parts: Parts
    level: Level
    customer: Array
    bought: Array
    spent: Array
    others: dict[str, Array]
    trailing: Array

    def chances(self) -> Evidence:
        """Returns the parts of the probability in the order of blending.USUAL_CHANCE, and who bought."""
        predicted = np.array([self.parts.chance[name] for name in blending.USUAL_CHANCE])
        return Evidence(predicted, self.bought, self.customer)

    def money(self, names: Iterable[str], chance_weights: Weights) -> Evidence:
        """Returns parts of the mean by these names, in their order, and what the customers spent."""
        found = self.parts.value(chance_weights)
        return Evidence(np.array([found[name] for name in names]), self.spent, self.customer)

    def forecast(self, trained: Trained) -> tuple[Array, Array, float]:
        """Returns the probability of an order, the mean revenue, and its mean over all customers, blended with the
        weights of `trained`."""
        own, found = self.trained, self.parts
        # The learners need more buyers than there are now, so leave out the holdout's learners as well.
        if trained.learners is None:
            own, found = Trained(cap=own.cap), replace(found, chance=anchored(found), total=None, spend=None)
        elif own.learners is not None:
            own = _with_weights(own, trained)
        if trained.published != OURS:
            found = replace(found, other=self.others[trained.published])
        common = setting(own, found, self.level)
        return *blend(own, found, common), common.mean


def predict_holdout(
    trained: Trained,
    fit: OriginFit,
    columns: Columns,
    window_days: int,
    origin: str,
    level: Level,
) -> Holdout:
    """Predicts an origin with a model trained on windows that had closed by it.

    columns: FEATURE_COLUMNS, customer_key and the outcomes of the origin's customers with a purchase day. A forecaster
    that fails to predict them has no predictions there.
    """
    found = parts(trained, fit, columns, window_days)
    customers, others = Customers(columns, window_days, found.by_anchor), {}
    for name in trained.fitted:
        try:
            others[name] = predicted(name, trained.fitted, customers)
        except ClvError as error:
            registry.warn(str(error))
    return Holdout(
        window_days,
        origin,
        trained,
        found,
        level,
        examples.numbered(columns),
        outcomes.bought(columns, window_days),
        outcomes.spent(columns, window_days),
        others,
        trailing.spent(columns, window_days),
    )


def anchored(found: Parts) -> dict[str, Array]:
    """Returns the anchor's log-odds alone."""
    return {"anchor": found.chance["anchor"]}


def blended(trained: Trained, holdouts: Sequence[Holdout], way: str) -> tuple[Trained, dict[str, Blend]]:
    """Returns the trained parts with the weights chosen by the setting `blend` (`way`), and the result of each way to
    choose weights. Unchanged if nothing was trained. A forest without a weight is dropped.

    holdouts: oldest first. Those count at which everything was trained that is trained now. The losses are measured on
    the holdouts on which the weights were chosen. Stacking therefore has nearly the lowest loss there, which does not
    mean that it is better later.
    """
    if trained.learners is None:
        return trained, {}
    judged = [holdout for holdout in holdouts if _has_all(holdout.trained, trained)]
    usual = blending.usual(float(holdouts[-1].bought.sum()) if holdouts else 0.0)
    usual = {name: weight for name, weight in usual.items() if name != "forest" or trained.forest}
    chances = [holdout.chances() for holdout in judged]
    found = {}
    for name in BLENDS:
        chance = blending.choose(name, combining.chance_loss, chances, blending.USUAL_CHANCE)
        money = [holdout.money(usual, chance) for holdout in judged if holdout.spent.sum() > 0]
        value = blending.choose(name, combining.money_loss(money, blending.array(usual)), money, usual)
        found[name] = Blend(value, chance, blending.deviance(money, value), blending.log_loss(chances, chance))
    forest = trained.forest if found[way].value_weights.get("forest") else None
    return replace(_with_weights(trained, found[way]), forest=forest), found


def _has_all(then: Trained, now: Trained) -> bool:
    """Returns whether everything that is trained now was trained at a holdout too."""
    pairs = ((then.learners, now.learners), (then.logistic, now.logistic), (then.forest, now.forest))
    return all(before is not None for before, after in pairs if after is not None)


def _with_forest(holdouts: Sequence[Holdout], trained: Trained) -> list[Holdout]:
    """Leaves out the holdouts whose learners have no forest beside them, if a forest has a weight now: they cannot
    predict this blend. Those without learners stay, and are predicted without any."""
    return [
        holdout
        for holdout in holdouts
        if holdout.trained.learners is None or holdout.trained.forest or not trained.forest
    ]


def calibrated(
    trained: Trained,
    holdouts: Sequence[Holdout],
    most: float,
    total_spread: float = totals.UNMEASURED,
    contestants: Sequence[str] = CONTESTANTS,
) -> tuple[Trained, Decision | None]:
    """Completes the blended parts on the holdouts: intervals, standard deviations, a cap, and the published contestant.
    Also returns the decision.

    holdouts: oldest first; those that `_with_forest` leaves out do not count. A contestant that predicted none of them
    is not published; if no holdout is comparable, there is no decision and the blend is published. most: the highest
    revenue of a customer in any closed window.
    total_spread: standard deviation of the blend's total, see `totals.spread`; for another forecaster it is computed
    from that forecaster's totals.
    """
    holdouts = _with_forest(holdouts, trained)
    judged = [holdout for holdout in holdouts if holdout.trained.learners is not None]
    alike = judged if trained.learners is not None else holdouts
    alike = [holdout for holdout in alike if holdout.spent.sum() > 0]
    predicted_somewhere = {OURS}.union(*(holdout.others for holdout in alike)) & {OURS, *trained.fitted}
    contestants = [name for name in contestants if name in predicted_somewhere] or [OURS]
    trained, decision = replace(trained, published=OURS), None
    if usable := [holdout for holdout in alike if contestants[0] in (OURS, *holdout.others)]:
        decision = _decide(trained, usable, contestants)
        trained = replace(trained, published=decision.published)
    holdouts = usable if trained.published != OURS else holdouts
    forecasts, spent = [holdout.forecast(trained) for holdout in holdouts], [holdout.spent for holdout in holdouts]
    intervals = conformal.calibrate(spent, [value for _, value, _ in forecasts], [p for p, _, _ in forecasts])
    if decision:
        inside = {
            holdout.origin: _within(holdout, intervals, *forecast)
            for holdout, forecast in zip(holdouts, forecasts, strict=True)
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
    most = max(most, *(float(holdout.trailing.max(initial=0)) for holdout in holdouts), 0.0)
    return replace(trained, cap=CAP_FACTOR * most if most > 0 else np.inf), decision


def scores(trained: Trained, holdouts: Sequence[Holdout]) -> dict[str, float]:
    """Returns the metrics of the latest holdout by name, `<horizon>.<forecast>.<metric>`, for the published forecast,
    the anchor, and trailing spend.

    The weights and intervals were chosen on the same holdouts, so the metrics of the published forecast are slightly
    too good.
    """
    holdouts = [holdout for holdout in _with_forest(holdouts, trained) if trained.published in (OURS, *holdout.others)]
    if not holdouts:
        return {}
    holdout = holdouts[-1]
    p, value, mean = holdout.forecast(trained)
    median = trained.intervals.quantile(0.5, value, p, mean)
    anchor = holdout.parts.by_anchor
    table = {
        "ours": {
            **metrics.of_money(holdout.spent, value),
            "auc": metrics.auc(holdout.bought, p),
            "brier": metrics.brier(holdout.bought, p),
            "wape_of_median": metrics.wape(holdout.spent, median),
            "within_interval": _within(holdout, trained.intervals, p, value, mean),
        },
        "anchor": {
            **metrics.of_money(holdout.spent, anchor.revenue),
            "auc": metrics.auc(holdout.bought, anchor.p_purchase),
            "brier": metrics.brier(holdout.bought, anchor.p_purchase),
        },
        "trailing": metrics.of_money(holdout.spent, holdout.trailing),
    }
    return {
        f"{holdout.window_days}.{forecast}.{metric}": round(number, 6)
        for forecast, row in table.items()
        for metric, number in row.items()
    }


def _decide(trained: Trained, holdouts: Sequence[Holdout], contestants: Iterable[str]) -> Decision:
    own = [holdout.forecast(trained) for holdout in holdouts]
    predicted_by = {OURS: [value for _, value, _ in own]}
    for name in contestants:
        if all(name in holdout.others for holdout in holdouts):
            predicted_by[name] = [holdout.others[name] for holdout in holdouts]
    origins = [holdout.origin for holdout in holdouts]
    spent = [holdout.spent for holdout in holdouts]
    decision = promotion.decide(holdouts[0].window_days, origins, spent, predicted_by, contestants)
    chances = {OURS: [p for p, _, _ in own], ANCHOR: [holdout.parts.by_anchor.p_purchase for holdout in holdouts]}
    for name in [name for name in chances if name in decision.measured]:
        by_origin = chances[name]
        found = [
            {"auc": metrics.auc(holdout.bought, p), "brier": metrics.brier(holdout.bought, p)}
            for holdout, p in zip(holdouts, by_origin, strict=True)
        ]
        decision = decision.with_measured(name, found)
    return decision


def _total_errors(actual: Sequence[Array], predicted: Sequence[Array]) -> list[float]:
    """Returns the log of actual over predicted total, for the holdouts with revenue."""
    pairs = [(float(money.sum()), float(expected.sum())) for money, expected in zip(actual, predicted, strict=True)]
    return [float(np.log(money / expected)) for money, expected in pairs if money > 0 and expected > 0]


def _within(holdout: Holdout, intervals: Intervals, p: Array, value: Array, mean: float) -> float:
    """Returns the share of a holdout's customers whose revenue lies within their interval."""
    return float(metrics.coverage(holdout.spent, *intervals.bounds(value, p, mean)))


def _with_weights(own: Trained, chosen: Trained | Blend) -> Trained:
    return replace(own, value_weights=chosen.value_weights, chance_weights=chosen.chance_weights)
