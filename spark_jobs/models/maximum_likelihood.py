"""Finds the parameters with the greatest likelihood, for models whose parameters are above 0 and whose customers can be
counted by distinct rows."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

import numpy as np
from scipy.optimize import OptimizeResult, minimize

from spark_jobs.features.columns import Array

log = logging.getLogger("clv.btyd")

# Weight of the squared log parameters in the mean loss per customer. The penalty keeps parameters finite in shops
# without repeat buyers and changes hardly anything elsewhere.
RIDGE = 1e-7
LOG_BOUNDS = (-8.0, 10.0)
START_BOUNDS = (-4.0, 7.0)
NO_LOSS = 1e10  # replaces a loss that is not finite, so that the line search turns back


def distinct(columns: Sequence[Array]) -> tuple[list[Array], Array]:
    """Returns the distinct rows of equally long columns, in sorted order, and for each row the place of its distinct
    row."""
    codes = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        values, places = np.unique(column, return_inverse=True)
        codes = codes * len(values) + places
    _, first, places = np.unique(codes, return_index=True, return_inverse=True)
    return [column[first] for column in columns], places


def compress(columns: Sequence[Array], counts: Array | None = None) -> tuple[list[Array], Array]:
    """Returns the distinct rows of equally long columns, in sorted order, and the number of customers with each row."""
    rows, places = distinct(columns)
    return rows, np.bincount(places, weights=counts, minlength=len(rows[0])).astype(float)


def best_of(
    name: str, loss: Callable[[Array], tuple[float, Array]], starts: Array, known: Array | None = None
) -> Array:
    """Returns the log parameters with the least loss, found by L-BFGS-B from each start in turn.

    `loss` returns its value and its gradient. known: the log parameters of a similar fit. If the search from these
    alone converges, its result is returned. Otherwise, or if they lie outside START_BOUNDS, where the loss may be too
    flat to search from, all starts are tried. If no start converges, the best finite point that was evaluated is
    returned (at worst a start), and one warning names the model.
    """

    def penalised(point: Array) -> tuple[float, Array]:
        value, slope = loss(point)
        finite = float(value) if np.isfinite(value) else NO_LOSS
        return finite + RIDGE * float(point @ point), np.nan_to_num(slope) + 2 * RIDGE * point

    def value_of(point: Array) -> float:
        return penalised(point)[0]

    def search(start: Array) -> OptimizeResult:
        bounds, options = [LOG_BOUNDS] * len(start), {"maxiter": 300, "ftol": 1e-12, "gtol": 1e-7}
        return minimize(penalised, start, method="L-BFGS-B", jac=True, bounds=bounds, options=options)

    if known is not None and (known > START_BOUNDS[0]).all() and (known < START_BOUNDS[1]).all():
        found = search(known)
        if found.success and found.fun < NO_LOSS:
            return found.x
    starts = np.clip(starts, *LOG_BOUNDS)
    fits = [search(start) for start in starts]
    # A fit that was aborted may report a loss that is not its point's, or may end worse than a start. Evaluate all
    # points again.
    best = min([*starts, *(fit.x for fit in fits)], key=value_of)
    if not any(fit.success and value_of(fit.x) < NO_LOSS for fit in fits):
        log.warning("%s: no start converged; using the best point found, with loss %.6g", name, value_of(best))
    return best
