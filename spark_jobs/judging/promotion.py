"""Decides which forecaster of a window is published.

The shop's setting `contestants` names the candidates, which are compared on the holdouts. The first contestant is
published, unless another is better at ranking, at error and at the total.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from clv.core.declared import CONTESTANTS, OURS
from spark_jobs.features.columns import Array
from spark_jobs.judging import metrics

TUNED = f"{OURS}_tuned"  # the blend, with learners that use searched parameters


MONEY = {  # metrics of a prediction of mean revenue, recorded per origin
    "normalized_gini": metrics.normalized_gini,
    "rmse": metrics.rmse,
    "bias": metrics.signed_bias,
    "wape_of_mean": metrics.wape,
    "mae_of_mean": metrics.mae,
    "top_10_capture": metrics.top_10_capture,
}
Measured = dict[str, list[dict[str, float]]]  # contestant -> for each origin, metric -> value


@dataclass(frozen=True)
class Figures:
    """Accuracy of a prediction of revenue, as means over origins: normalised Gini, RMSE (money) and |bias| (a
    share)."""

    ranking: float
    error: float
    bias: float

    def beats(self, other: Figures) -> bool:
        """Returns whether these figures are better on each of the three."""
        return self.ranking > other.ranking and self.error < other.error and self.bias < other.bias

    def is_no_worse_than(self, other: Figures) -> bool:
        """Returns whether these figures are better or equal on each of the three, and better on at least one."""
        alike = self.ranking >= other.ranking and self.error <= other.error and self.bias <= other.bias
        return alike and self != other


@dataclass(frozen=True)
class Decision:
    """Which forecaster of a window is published, with the figures of each contestant by name, and further metrics per
    origin."""

    window_days: int
    origins: list[str]
    published: str
    figures: dict[str, Figures]
    measured: Measured = field(default_factory=dict)

    def challenged(self, challenger: Decision) -> tuple[Decision, bool]:
        """Compares a challenger (learners with searched parameters) with the champion. Returns the decision with the
        figures of both, and whether the challenger is promoted. It is promoted only if it is no worse than the
        champion."""
        promoted = challenger.figures[OURS].is_no_worse_than(self.figures[OURS])
        published = challenger.published if promoted else self.published
        if promoted and published == OURS:
            published = TUNED
        figures = {OURS: self.figures[OURS], TUNED: challenger.figures[OURS], **self.figures}
        measured = {OURS: self.measured[OURS], TUNED: challenger.measured[OURS], **self.measured}
        return Decision(self.window_days, self.origins, published, figures, measured), promoted

    def with_measured(self, contestant: str, more: Sequence[dict[str, float]]) -> Decision:
        """Returns the decision with further metrics of a contestant, given per origin."""
        both = [known | new for known, new in zip(self.measured[contestant], more, strict=True)]
        return replace(self, measured=self.measured | {contestant: both})

    def as_rows(self) -> list[dict]:
        """Returns one row per contestant, for the warehouse."""
        return [
            {
                "horizon_days": self.window_days, "contestant": name, "origins": ", ".join(self.origins),
                "normalized_gini": found.ranking, "rmse": found.error, "bias": found.bias,
                "published": name == self.published,
            }
            for name, found in self.figures.items()
        ]  # fmt: skip

    def measured_as_rows(self) -> list[dict]:
        """Returns one row per contestant, origin and metric, for the warehouse."""
        return [
            {
                "horizon_days": self.window_days, "origin": origin, "contestant": name, "metric": metric,
                "value": value, "published": name == self.published,
            }
            for name, by_origin in self.measured.items()
            for origin, found in zip(self.origins, by_origin, strict=True)
            for metric, value in found.items()
        ]  # fmt: skip


def decide(
    window_days: int,
    origins: list[str],
    actual: Sequence[Array],
    predicted: Mapping[str, Sequence[Array]],
    contestants: Iterable[str] = CONTESTANTS,
) -> Decision:
    """Decides a window: the first contestant that was judged is published, unless others beat it; then the one of these
    with the least error. If no contestant was judged, the blend is published.

    actual: revenue per origin. predicted: by forecaster, always the blend among them, and origin.
    """
    figures = {
        name: Figures(
            *np.mean([_figures(money, f) for money, f in zip(actual, forecasts, strict=True)], axis=0).tolist()
        )
        for name, forecasts in predicted.items()
    }
    measured = {
        name: [
            {metric: float(score(money, f)) for metric, score in MONEY.items()}
            for money, f in zip(actual, forecasts, strict=True)
        ]
        for name, forecasts in predicted.items()
    }
    judged = [name for name in contestants if name in figures] or [OURS]
    better = {name: figures[name].error for name in judged if figures[name].beats(figures[judged[0]])}
    published = min(better, key=lambda name: better[name], default=judged[0])
    return Decision(window_days, origins, published, figures, measured)


def _figures(actual: Array, predicted: Array) -> tuple[float, float, float]:
    return (
        metrics.normalized_gini(actual, predicted), metrics.rmse(actual, predicted), metrics.bias(actual, predicted)
    )  # fmt: skip
