"""Is what was learned worth publishing? It is judged against the simplest rivals, on origins that were held back.

A rival that did better at ranking, at error and at the total is published in its place, under its own name. Rivals
are what a shop could do without any of this: last spend, last year's spend, RFM cells, and the anchor alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

import numpy as np

from spark_jobs.features.columns import Array, Columns
from spark_jobs.judging import metrics
from spark_jobs.models import baselines_rules
from spark_jobs.models.anchor import Probabilistic
from spark_jobs.models.baselines_rules import Cells, Grid

OURS = "perennial"
TUNED = "perennial_tuned"  # ours, its learners with parameters that a search found
ANCHOR = "bgnbd_pareto_nbd_gg"
CELLS = "rfm_cells"
RIVALS: dict[str, Callable[[Probabilistic, Columns, int], Array]] = {
    ANCHOR: lambda said, columns, days: said.revenue,  # noqa: ARG005
    "trailing": lambda said, columns, days: baselines_rules.trailing(columns, days).mean,  # noqa: ARG005
    "trailing_year": lambda said, columns, days: baselines_rules.trailing_year(columns, days).mean,  # noqa: ARG005
}


MONEY = {  # of a forecast of mean revenue, kept per origin
    "normalized_gini": metrics.normalized_gini,
    "rmse": metrics.rmse,
    "bias": metrics.signed_bias,
    "wape_of_mean": metrics.wape,
    "mae_of_mean": metrics.mae,
    "top_10_capture": metrics.top_10_capture,
}
Measured = dict[str, list[dict[str, float]]]  # contestant -> per origin, metric -> value


@dataclass(frozen=True)
class Figures:
    """How a forecast of money did, as the mean over origins: normalised Gini, RMSE (money) and |bias| (a share)."""

    ranking: float
    error: float
    bias: float

    def beats(self, other: Figures) -> bool:
        """Better on each of the three."""
        return self.ranking > other.ranking and self.error < other.error and self.bias < other.bias

    def holds_against(self, other: Figures) -> bool:
        """Better or equal on each of the three, and not the same."""
        alike = self.ranking >= other.ranking and self.error <= other.error and self.bias <= other.bias
        return alike and self != other


@dataclass(frozen=True)
class Decision:
    """Which forecast of a window is published, and what was measured of each, by name: what it was judged by, and in
    more detail per origin."""

    window_days: int
    origins: list[str]
    published: str
    figures: dict[str, Figures]
    measured: Measured = field(default_factory=dict)

    def challenged(self, challenger: Decision) -> tuple[Decision, bool]:
        """The decision with a challenger's figures beside the champion's, and whether the challenger takes over: only
        where it is better or equal on each."""
        promoted = challenger.figures[OURS].holds_against(self.figures[OURS])
        published = challenger.published if promoted else self.published
        if promoted and published == OURS:
            published = TUNED
        figures = {OURS: self.figures[OURS], TUNED: challenger.figures[OURS], **self.figures}
        measured = {OURS: self.measured[OURS], TUNED: challenger.measured[OURS], **self.measured}
        return Decision(self.window_days, self.origins, published, figures, measured), promoted

    def with_measured(self, contestant: str, more: Sequence[dict[str, float]]) -> Decision:
        """The decision with more metrics of a contestant, per origin."""
        both = [known | new for known, new in zip(self.measured[contestant], more, strict=True)]
        return replace(self, measured=self.measured | {contestant: both})

    def as_rows(self) -> list[dict]:
        """One row per contestant, for the warehouse."""
        return [
            {
                "horizon_days": self.window_days, "contestant": name, "origins": ", ".join(self.origins),
                "normalized_gini": found.ranking, "rmse": found.error, "bias": found.bias,
                "published": name == self.published,
            }
            for name, found in self.figures.items()
        ]  # fmt: skip

    def measured_as_rows(self) -> list[dict]:
        """One row per contestant, origin and metric, for the warehouse."""
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
    window_days: int, origins: list[str], actual: Sequence[Array], said: Mapping[str, Sequence[Array]]
) -> Decision:
    """The decision for a window: ours, unless a rival beats it; of several, the one of least error.

    actual: money that came per origin; said: per contestant (ours among them) and origin, what had been forecast.
    """
    figures = {
        name: Figures(*np.mean([_figures(came, f) for came, f in zip(actual, forecasts, strict=True)], axis=0).tolist())
        for name, forecasts in said.items()
    }
    measured = {
        name: [
            {metric: float(score(came, f)) for metric, score in MONEY.items()}
            for came, f in zip(actual, forecasts, strict=True)
        ]
        for name, forecasts in said.items()
    }
    better = {name: found.error for name, found in figures.items() if found.beats(figures[OURS])}
    published = min(better, key=lambda name: better[name], default=OURS)
    return Decision(window_days, origins, published, figures, measured)


def cells_as_json(cells: Cells) -> dict:
    """RFM cells as lists of numbers."""
    return {
        "share": cells.share, "mean": cells.mean,
        "grids": [
            {name: [list(map(float, e)) for e in value] if name == "edges" else list(map(float, value))
             for name, value in asdict(grid).items()}
            for grid in cells.grids
        ],
    }  # fmt: skip


def cells_from_json(saved: dict) -> Cells:
    """What `cells_as_json` wrote."""
    grids = [
        Grid(
            [np.array(edges) for edges in grid["edges"]],
            *(np.array(grid[name]) for name in ("customers", "share", "mean")),
        )
        for grid in saved["grids"]
    ]
    return Cells(grids, saved["share"], saved["mean"])


def _figures(actual: Array, said: Array) -> tuple[float, float, float]:
    return metrics.normalized_gini(actual, said), metrics.rmse(actual, said), metrics.bias(actual, said)
