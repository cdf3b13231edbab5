"""Fits the model of a training date: the anchor at each origin, learners per window, and what held-back origins say of
both. Where a search for parameters is asked for, what it finds is tried as a challenger."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np
from pyspark.sql import DataFrame

from clv import model_choice
from clv.settings import Settings
from spark_jobs import (
    anchor,
    baselines_rules,
    blending,
    drift,
    evaluation,
    explained,
    learning,
    logistic,
    outcomes,
    personas,
    promotion,
    session,
    totals,
    tuning,
)
from spark_jobs.blending import Blend
from spark_jobs.columns import Columns
from spark_jobs.evaluation import HeldBack
from spark_jobs.forecast import Model, Trained, settings_of
from spark_jobs.learning import Origin, latest_closed
from spark_jobs.level import Daily, Residual, buyers_missed, log_level, residual
from spark_jobs.promotion import OURS, TUNED, Decision

log = logging.getLogger("clv.train")
BOOSTED_IF_TWO_YEARS = {False: 5, True: 12}  # latest ones per window that trees learn from, before two years and after
SMOOTH_ORIGINS = 8  # latest ones that the logistic regression learns from
ENOUGH_OF_ITS_OWN = 3  # closed origins of a window: with fewer, the regression learns from shorter windows too
HELD_BACK = 2  # latest closed origins per horizon that forecasts are judged by


@dataclass(frozen=True)
class Judged:
    """A window's model, what was decided of it, the origins that it was judged by, and what each way to blend came
    to."""

    trained: Trained
    decision: Decision | None
    held_back: list[HeldBack]
    blends: dict[str, Blend]


def fit(
    features: DataFrame,
    daily: Daily,
    settings: Settings,
    training_date: date,
    name: str,
    known: dict[str, tuning.Found] | None = None,
) -> tuple[Model, dict[str, Any]]:
    """The calibrated model of a training date and the record of its making.

    features: rows as `train.read` gives them. daily: the shop's money per day before the date. known: what a search
    on the same data came to, if there was one; it is not repeated.
    """
    origins = learning.fit_origins(features, settings.windows)
    if not origins:
        return unlearned(settings, training_date, name)
    log.info("fitted the anchor at %d origins, %s to %s", len(origins), min(origins), max(origins))
    residuals = missed(origins, daily)
    panel = learning.panel(features)
    data, rows, workers = learning.ordered(learning.build_examples(features, origins))
    log.info("built %d examples; training with %d worker%s", rows, workers, "" if workers == 1 else "s")
    windows = bases(origins, settings.horizons)
    held = {window: latest_closed(origins, window, training_date, HELD_BACK) for window in windows}

    def examples_by(window: int, by: date) -> list[tuple[date, int]]:
        trees = BOOSTED_IF_TWO_YEARS[(by - daily.first).days >= model_choice.TWO_YEARS]
        return learning.snapshots(origins, window, by, trees)

    found = {} if known is None else known
    if settings.shop["tune_minutes"] and known is None:
        found = tuned(data, held, examples_by, workers, settings)
    sets = {OURS: model_choice.LEARNERS}
    if any(one.better for one in found.values()):
        sets[TUNED] = tuning.chosen(found)

    def learn(asked: tuple[str, int, date]) -> Trained:
        parameters, window, by = asked
        cells = rfm_cells(panel, latest_closed(origins, window, by, SMOOTH_ORIGINS), window)
        learners = learning.train(data, examples_by(window, by), window, workers, sets[parameters])
        if learners is None:
            return Trained(cells=cells)
        log.info("learned windows of %d days closed by %s", window, by)
        smooth = logistic.fit(*smooth_examples(origins, panel, window, by))
        return Trained(learners, smooth, list(blending.USUAL), list(blending.USUAL_CHANCE), cells=cells)

    asked = [(name, window, by) for name in sets for window, days in held.items() for by in (training_date, *days)]
    with ThreadPoolExecutor(max(1, session.slots(features.sparkSession) // workers)) as pool:
        learned = dict(zip(asked, pool.map(learn, asked), strict=True))

    spreads = totals.pooled_spreads({window: level_errors(origins, daily, window, residuals) for window in held})

    def judged(parameters: str, window: int) -> Judged:
        then = [
            evaluation.hold_back(
                learned[parameters, window, day], origins[day].fit, panel[day], window, day.isoformat(),
                log_level(daily, day, window, residuals), buyers_missed(day, window, residuals),
            )
            for day in held[window]
        ]  # fmt: skip
        most = max(origin.totals[window].most for origin in origins.values() if window in origin.totals)
        own, blends = evaluation.blended(learned[parameters, window, training_date], then, settings.blend)
        return Judged(*evaluation.calibrated(own, then, most, spreads[window]), then, blends)

    record, trained = new_record(training_date, origins, rows), {}
    record |= {"blend": settings.blend, "tuning": tuning.as_record(found)}
    for window in held:
        kept, decision = judged(OURS, window), None
        if kept.decision:
            decision = kept.decision
            challenger = judged(TUNED, window) if TUNED in sets else None
            if challenger and challenger.decision:
                decision, promoted = decision.challenged(challenger.decision)
                kept = challenger if promoted else kept
            log.info("windows of %d days: %s is published", window, decision.published)
            record["decisions"] += decision.as_rows()
            record["backtest"] += decision.measured_as_rows()
        trained[window] = kept.trained
        record["held_back"][window] = [held_back.origin for held_back in kept.held_back]
        record["blends"][window] = {way: asdict(blend) for way, blend in kept.blends.items()}
        record["weights"][window] = {"value": kept.trained.value_weights, "chance": kept.trained.chance_weights}
        record["metrics"] |= evaluation.scores(kept.trained, kept.held_back)
    latest = max(panel)
    fitted, columns = origins[latest].fit, panel[latest]
    model = Model(name, settings.horizons, trained, residuals, personas.fit(features.sparkSession, columns))
    common = settings_of(model, fitted, columns, daily, latest)
    record["reference"] = drift.reference(columns)
    record["explained"] = explained.explain(model, fitted, columns, common, latest.isoformat())
    return model, record


def unlearned(settings: Settings, training_date: date, name: str) -> tuple[Model, dict[str, Any]]:
    """The probabilistic model, of a date by which no window had closed."""
    log.info("no window has closed by %s: the model is the probabilistic one", training_date)
    return Model(name, settings.horizons), new_record(training_date)


def tuned(
    data: DataFrame,
    held: dict[int, list[date]],
    examples_by: Callable[[int, date], list[tuple[date, int]]],
    workers: int,
    settings: Settings,
) -> dict[str, tuning.Found]:
    """Parameters searched for on the longest window that has enough examples closed by its first held-back origin,
    so that what is found is judged on origins it knows nothing of. None where no window has."""
    minutes, how = settings.shop["tune_minutes"], settings.shop["tune_search"]
    for window in sorted(held, reverse=True):
        rows = learning.lessons(data, examples_by(window, held[window][0]), window) if held[window] else None
        if rows is not None:
            log.info("searching for parameters (%s, %g minutes) on windows of up to %d days", how, minutes, window)
            return tuning.search(rows, workers, how, minutes)
    log.info("no search for parameters: too few examples had closed before the held-back origins")
    return {}


def missed(origins: dict[date, Origin], daily: Daily) -> list[Residual]:
    """What the anchor missed in each closed window that brought money."""
    return [
        residual(
            daily, day, window, outcomes.end(day, window),
            (total.actual, total.said), (total.buyers, total.said_buyers),
        )
        for day, origin in origins.items()
        for window, total in origin.totals.items()
        if total.actual > 0 and total.said > 0 and total.buyers > 0
    ]  # fmt: skip


def level_errors(
    origins: dict[date, Origin], daily: Daily, window: int, residuals: list[Residual]
) -> dict[date, float]:
    """What the level missed of a window's total at closed origins: see `totals.level_errors`."""
    found = {day: origin.totals[window] for day, origin in origins.items() if window in origin.totals}
    pairs = {day: (total.actual, total.said) for day, total in found.items()}
    return totals.level_errors(daily, pairs, window, residuals)


def bases(origins: dict[date, Origin], horizons: Iterable[int]) -> list[int]:
    """The windows to learn: of each horizon itself, or the longest shorter one that has closed at some origin."""
    closed = {window for origin in origins.values() for window in origin.totals}
    found = {max((w for w in closed if w <= horizon), default=None) for horizon in horizons}
    return sorted(window for window in found if window)


def smooth_examples(
    origins: dict[date, Origin], panel: dict[date, Columns], window: int, by: date
) -> tuple[list, list]:
    """What the logistic regression of a window learns from: inputs, and who bought, per closed origin.

    Where fewer than ENOUGH_OF_ITS_OWN have closed, those of shorter windows come in too, from half its length on.
    """
    days = {window: latest_closed(origins, window, by, SMOOTH_ORIGINS)}
    if len(days[window]) < ENOUGH_OF_ITS_OWN:
        lengths = {w for origin in origins.values() for w in origin.totals if window / 2 <= w < window}
        days |= {w: latest_closed(origins, w, by, SMOOTH_ORIGINS) for w in sorted(lengths)}
    inputs, bought = [], []
    for length, day in [(w, day) for w in days for day in days[w]]:
        said = anchor.probabilistic(origins[day].fit, panel[day], length)
        inputs.append(logistic.inputs(origins[day].fit, panel[day], said, length))
        bought.append(outcomes.bought(panel[day], length))
    return inputs, bought


def rfm_cells(panel: dict[date, Columns], days: list[date], window: int) -> dict | None:
    """RFM cells of a window from closed origins; None where there are none."""
    if not days:
        return None
    columns = {name: np.concatenate([panel[day][name] for day in days]) for name in panel[days[0]]}
    cells = baselines_rules.fit_cells(columns, outcomes.bought(columns, window), outcomes.spent(columns, window))
    return promotion.cells_as_json(cells)


def new_record(training_date: date, origins: dict[date, Origin] | None = None, rows: int = 0) -> dict[str, Any]:
    """What is kept beside a model of how it was made."""
    return {
        "training_date": training_date.isoformat(),
        "origins": {day.isoformat(): origin.fit.as_json() for day, origin in (origins or {}).items()},
        "held_back": {}, "weights": {}, "blends": {}, "tuning": {}, "reference": {}, "explained": {},
        "decisions": [], "backtest": [], "examples": rows, "metrics": {},
    }  # fmt: skip
