"""Says what the blend's constants are worth, with each shop left out: python -m benchmarks.arena.sensitivity

    python -m benchmarks.arena.sensitivity --cache CACHE [--shop NAME ...] [--horizon DAYS] [--json FILE]

Each constant is halved and doubled, and the cached cases are forecast again. The loss of a case is the mean of the
logs of RMSE, 1 - normalised Gini, 1 - AUC and the Brier score, which judge what weights decide; that of a shop is the
mean over its cases. The table of docs/forecast.md shows by how much the mean loss of all shops changes, and what a shop
would have lost or won if the constant had been chosen on all others.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np

from benchmarks.arena import cache, cases, forecasting
from benchmarks.arena import memory as memories
from benchmarks.arena.cases import Case
from benchmarks.arena.tables import SHOPS, signed, table
from clv.core.errors import ClvError
from spark_jobs.ensemble import blending, calibration, combining
from spark_jobs.ensemble.blending import Weights
from spark_jobs.ensemble.combining import Evidence, Loss
from spark_jobs.features.columns import Array
from spark_jobs.judging.metrics import METRICS
from spark_jobs.training import evaluation, fitting

JUDGED = ("rmse", "normalized_gini", "auc", "brier")
AS_IS = "as it is"
FACTORS = {"halved": 0.5, "doubled": 2.0}
Losses = Mapping[str, Mapping[str, float]]  # by variant (AS_IS, and each of FACTORS), and shop


class Constant(NamedTuple):
    """A constant of a module that is varied: a number, several numbers, or the weight `part` of weights by name."""

    label: str
    module: ModuleType
    name: str
    part: str | None = None

    @property
    def value(self) -> Any:
        """The value in the code."""
        found = getattr(self.module, self.name)
        return found[self.part] if self.part else found

    def times(self, factor: float) -> Any:
        """What the module's attribute becomes if the constant is multiplied. A whole number stays one, rounded up, and
        weights keep their sum of one."""
        found = getattr(self.module, self.name)
        if self.part:
            return scaled(found, self.part, factor)
        if isinstance(found, tuple):
            return tuple(factor * one for one in found)
        return int(np.ceil(factor * found)) if isinstance(found, int) else factor * found


def constants() -> list[Constant]:
    """The constants that decide the weights of the blend, and what is done with the blended forecasts."""
    usual = [
        Constant(f"{label}, {part}", blending, name, part)
        for label, name in (("usual weight of the money", "USUAL"), ("usual weight of the probability", "USUAL_CHANCE"))
        for part, weight in getattr(blending, name).items()
        if weight
    ]
    return [
        Constant("folds of customers", combining, "FOLDS"),
        Constant("penalties", combining, "PENALTIES"),
        Constant("standard errors within which a penalty is supported", combining, "SUPPORTED"),
        Constant("standard errors by which a part is significantly better", combining, "SIGNIFICANT"),
        Constant("least weight", combining, "LEAST_WEIGHT"),
        *usual,
        Constant("buyers from which the usual weights hold", blending, "ENOUGH_BUYERS"),
        Constant("strength of the tilt", calibration, "TILT"),
        Constant("cap, of the highest actual spend", evaluation, "CAP_FACTOR"),
    ]


def scaled(weights: Weights, part: str, factor: float) -> Weights:
    """Multiplies one of several weights, and divides all by their new sum."""
    changed = {**weights, part: factor * weights[part]}
    return {name: weight / sum(changed.values()) for name, weight in changed.items()}


def measured(wanted: Iterable[Case], out: Path) -> dict[str, dict[str, dict[str, float]]]:
    """Forecasts the cached ones of the cases with each constant as it is, halved and doubled. Returns the losses by the
    constant's label, variant and shop."""
    found: dict[str, dict[str, dict[str, float]]] = {one.label: {} for one in constants()}
    for shop, group in groupby(sorted(wanted), key=lambda case: case.shop):
        losses = [of_case(out / case.folder) for case in group if (out / case.folder / cache.FILE).exists()]
        for label, variants in losses[0].items() if losses else ():
            for variant in variants:
                by_shop = found[label].setdefault(variant, {})
                by_shop[shop] = float(np.mean([case[label][variant] for case in losses]))
    return found


def of_case(folder: Path) -> dict[str, dict[str, float]]:
    """The losses of a cached case by the constant's label and variant."""
    given = cache.read(folder / cache.FILE)
    fit, outcome = forecasting.fit_of(given), given.frame.set_index("customer_id").loc[given.customer_id]
    spent, orders = (outcome[name].to_numpy(dtype=float) for name in ("actual_amount", "actual_orders"))
    with memories.of(folder) as memory, computing_once():

        def loss() -> float:
            found = forecasting.forecasts(given, forecasting.trained(given, memory)[0], fit)
            return loss_of(spent, (orders > 0).astype(float), found.revenue, found.p_purchase)

        as_is = loss()
        found = {one.label: {AS_IS: as_is} for one in constants()}
        for constant in constants():
            for variant, factor in FACTORS.items():
                with patch.object(constant.module, constant.name, constant.times(factor)):
                    found[constant.label][variant] = loss()
    return found


@contextmanager
def computing_once() -> Iterator[None]:
    """Lets the training of a case in the block compute what takes long once for everything that it depends on."""
    varied = [one.name for one in constants() if one.module is combining]

    def chosen_from(_: Loss, holdouts: Sequence[Evidence], usual: Array) -> tuple:
        values = tuple(getattr(combining, name) for name in varied)
        return usual.tobytes(), tuple(holdout.predicted.tobytes() for holdout in holdouts), values

    with (
        once(fitting, "past_of", lambda *_: ()),
        once(evaluation, "predict_holdout", lambda *arguments: arguments[3:5]),  # the window and the origin
        once(combining, "chosen", chosen_from),
    ):
        yield


@contextmanager
def once(module: ModuleType, name: str, depends_on: Callable[..., Hashable]) -> Iterator[None]:
    """Lets a function in the block compute once for each value of `depends_on`, which gets the same arguments."""
    compute, found = getattr(module, name), {}

    def computed(*arguments: Any) -> Any:
        key = depends_on(*arguments)
        if key not in found:
            found[key] = compute(*arguments)
        return found[key]

    with patch.object(module, name, computed):
        yield


def loss_of(spent: Array, bought: Array, mean: Array, p: Array) -> float:
    """The mean of the logs of what a forecast loses by the JUDGED metrics. All arrays have the shape (n,): the money
    spent, whether customers bought (0 or 1), and the predicted mean and probability."""
    lost = []
    for metric in JUDGED:
        of_chance = METRICS[metric].judges == "p_purchase"
        figure = METRICS[metric].formula(bought, p) if of_chance else METRICS[metric].formula(spent, mean)
        lost.append(1 - figure if METRICS[metric].more_is_better else figure)
    return float(np.log(lost).mean())


def changes(losses: Losses, variant: str) -> dict[str, float]:
    """By shop, how much larger a variant's loss is than with the constant as it is, in percent."""
    return {shop: 100 * (loss - losses[AS_IS][shop]) for shop, loss in losses[variant].items()}


def left_out(losses: Losses) -> dict[str, float]:
    """By shop, how much larger its loss is, in percent, with the variant that has the least mean loss of all other
    shops."""
    found = {}
    for shop in losses[AS_IS]:
        best = min(losses, key=lambda variant: sum(loss for other, loss in losses[variant].items() if other != shop))
        found[shop] = changes(losses, best)[shop]
    return found


def report(found: Mapping[str, Losses]) -> str:
    """The table of docs/forecast.md. Less than zero: better than with the constant as it is."""
    rows = []
    for constant in constants():
        losses = found[constant.label]
        chosen = left_out(losses)
        worst = max(chosen, key=chosen.__getitem__)
        rows.append(
            [
                constant.label,
                _value(constant.value),
                *(_percent(np.mean(list(changes(losses, variant).values()))) for variant in FACTORS),
                _percent(np.mean(list(chosen.values()))),
                f"{_percent(chosen[worst])} {SHOPS.get(worst, worst)}" if chosen[worst] > 0 else "–",
            ]
        )
    heads = ["constant", "value", *FACTORS, "chosen on the others: mean", "worst"]
    return table(heads, rows)


def _percent(change: Any) -> str:
    return f"{signed(round(float(change), 2), '.2f')} %"


def _value(value: Any) -> str:
    return " ".join(f"{one:g}" for one in value) if isinstance(value, tuple) else f"{value:g}"


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.arena.sensitivity",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--cache", type=Path, default=Path(".clv-arena"), metavar="CACHE")
    parser.add_argument("--shop", nargs="+", action="extend", default=[], metavar="NAME")
    parser.add_argument("--horizon", type=int, metavar="DAYS")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the losses here")
    given = parser.parse_args()
    try:
        wanted = [case for case in cases.cases(given.shop) if given.horizon in (None, case.horizon)]
        found = measured(wanted, given.cache)
    except ClvError as error:
        sys.exit(f"error: {error}")
    if given.json:
        given.json.write_text(json.dumps(found, indent=1))
    print(report(found))


if __name__ == "__main__":
    main()
