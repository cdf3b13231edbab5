"""Computes the content of metrics.json from the predictions: the metrics of our forecast and of each baseline."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from clv.core.declared import OURS
from clv.evaluation.backtest import curves, judged, reading, sums, timing
from clv.evaluation.backtest.judged import Origin
from spark_jobs.judging.metrics import FORMER_NAMES, METRICS, THRESHOLD
from spark_jobs.judging.resampling import RESAMPLES, interval, is_significant, resamples

Array = np.ndarray


def compare(frame: pd.DataFrame) -> dict[str, Any]:
    """Returns the content of metrics.json: dicts, lists, strings and finite numbers, with None for an undefined value.

    frame: the backtest's predictions, one row per customer and origin (see `judged.origins`). `mean` is over the
    origins, and None for a model without a figure at any one of them. `worst` is the figure of the worst origin,
    `stability` the standard deviation over origins. `against_best_baseline` holds our figure less the baseline's, with
    a 95 % interval from a paired bootstrap. Each resample draws customers once, and uses them for both models and for
    all origins. The interval therefore measures the variation between customers, not the variation between dates.
    """
    origins = judged.origins(frame)
    names = [OURS, *judged.baselines(frame)]
    table = {name: _summary(name, origins) for name in names} if origins else {}
    best = _best_baselines(table)
    result = {
        "horizon_days": int(frame["horizon_days"].iloc[0]) if len(frame) else None,
        "origins": [origin.date for origin in origins],
        "customers": _customers(frame),
        "threshold": THRESHOLD,
        "resamples": RESAMPLES,
        "models": {name: _with_former_names(row) for name, row in table.items()},
        "stability": {name: row["stability"] for name, row in table.items()},
        "best_baseline": best,
        "against_best_baseline": _against(origins, table, best),
        "coverage": curves.coverage(origins),
        "reliability": curves.reliability(origins, [OURS, best["brier"]]),
        "deciles": curves.deciles(origins, [OURS, best["decile_mape"]]),
        "roc": curves.roc(origins, [OURS, best["auc"]]),
        "lift": curves.lift(origins, [OURS, best["normalized_gini"]]),
        "level": curves.totals(origins, names),
        "next_order": timing.next_order(frame),
        "sums": sums.of_groups(frame),
    }
    result = plain(result)
    result["reading"] = reading.sentences(result)
    return result


def plain(value: Any) -> Any:
    """Returns the value in JSON's types: numbers rounded to nine digits, None for numbers that are not finite."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(part) for part in value]
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(f"{value:.9g}") if math.isfinite(value) else None
    return value


def better(metric: str, difference: float) -> bool:
    """Whether `difference`, our figure less the other model's, means that ours is better."""
    return difference > 0 if METRICS[metric].more_is_better else difference < 0


def _summary(model: str, origins: list[Origin]) -> dict[str, dict]:
    by_origin = {origin.date: {metric: _figure(origin, metric, model) for metric in METRICS} for origin in origins}
    columns = {metric: [row[metric] for row in by_origin.values()] for metric in METRICS}
    return {
        "mean": {metric: _over(np.mean, figures) for metric, figures in columns.items()},
        "worst": {metric: _worst(metric, figures) for metric, figures in columns.items()},
        "stability": {
            metric: _over(lambda found: np.std(found, ddof=1), figures) if len(origins) > 1 else None
            for metric, figures in columns.items()
        },
        "by_origin": by_origin,
    }


def _with_former_names(row: dict[str, dict]) -> dict[str, dict]:
    """A model's figures under the present and the former names of the metrics: the mean, the worst, and those of each
    origin."""

    def both(figures: dict[str, float | None]) -> dict[str, float | None]:
        return figures | {former: figures[name] for former, name in FORMER_NAMES.items()}

    by_origin = {day: both(figures) for day, figures in row["by_origin"].items()}
    return {"mean": both(row["mean"]), "worst": both(row["worst"]), "by_origin": by_origin}


def _figure(origin: Origin, metric: str, model: str) -> float | None:
    arguments = origin.arguments(metric, model)
    return METRICS[metric].formula(*arguments) if arguments else None


def _over(how: Any, figures: list[float | None]) -> float | None:
    return None if None in figures else float(how(np.array(figures, dtype=float)))


def _worst(metric: str, figures: list[float | None]) -> float | None:
    known = [figure for figure in figures if figure is not None]
    if not known:
        return None
    if metric == "coverage_80":
        return max(known, key=lambda figure: abs(figure - curves.NOMINAL))
    return min(known) if METRICS[metric].more_is_better else max(known)


def _best_baselines(table: dict[str, dict]) -> dict[str, str | None]:
    """For each metric, the baseline with the best mean; None if no baseline has a figure at every origin."""
    best = {}
    for metric, definition in METRICS.items():
        means = {name: row["mean"][metric] for name, row in table.items() if name != OURS}
        known = {name: mean for name, mean in means.items() if mean is not None}
        choose = max if definition.more_is_better else min
        best[metric] = choose(known, key=known.__getitem__) if known and definition.more_is_better is not None else None
    return best


def _against(origins: list[Origin], table: dict[str, dict], best: dict[str, str | None]) -> dict[str, dict]:
    baselines = {metric: name for metric, name in best.items() if name and table[OURS]["mean"][metric] is not None}
    pairs = [(metric, model) for metric, name in baselines.items() for model in (OURS, name)]
    drawn = _resampled(origins, pairs)
    found = {}
    for metric, name in baselines.items():
        ours, theirs = drawn[metric, OURS], drawn[metric, name]
        by_origin = {
            origin.date: _difference(
                metric,
                table[OURS]["by_origin"][origin.date][metric] - table[name]["by_origin"][origin.date][metric],
                ours[number] - theirs[number],
            )
            for number, origin in enumerate(origins)
        }
        difference = table[OURS]["mean"][metric] - table[name]["mean"][metric]
        whole = _difference(metric, difference, (ours - theirs).mean(axis=0))
        found[metric] = {"baseline": name, **whole, "by_origin": by_origin}
    return found


def _difference(metric: str, difference: float, drawn: Array) -> dict[str, Any]:
    low, high = interval(drawn)
    return {
        "difference": difference,
        "low": low,
        "high": high,
        "better": better(metric, difference),
        "significant": is_significant(low, high),
    }


def _resampled(origins: list[Origin], pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Array]:
    """Computes each (metric, model) on each bootstrap resample of the customers: arrays of shape (origins,
    RESAMPLES)."""
    found = {pair: np.empty((len(origins), RESAMPLES)) for pair in pairs}
    customers = 1 + max((int(origin.customer.max()) for origin in origins), default=0)
    start = 0
    for counts in resamples(customers) if found else ():
        for number, origin in enumerate(origins):
            w = counts[:, origin.customer]
            for metric, model in found:
                # `arguments` is never None here, because the pair has a mean over all origins.
                arguments = origin.arguments(metric, model) or ()
                found[metric, model][number, start : start + len(w)] = METRICS[metric].formula(*arguments, w=w)
        start += len(counts)
    return found


def _customers(frame: pd.DataFrame) -> dict[str, dict[str, int]]:
    """Number of customers by origin and status."""
    days = pd.to_datetime(frame["origin"]).dt.date.astype(str)
    counts = pd.crosstab(days, frame["status"])
    return {str(day): {str(status): int(number) for status, number in row.items()} for day, row in counts.iterrows()}
