"""Fits the model of a training date: the anchor at each origin, the learners of each window, and the choices made on
the holdouts. If the shop sets a search for parameters, its result competes as a challenger."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np

from clv.core.declared import OURS
from clv.core.settings import Settings
from clv.warehouse import model_choice
from spark_jobs.ensemble import blending, totals
from spark_jobs.ensemble.blending import Blend
from spark_jobs.ensemble.calibration import Daily
from spark_jobs.ensemble.forecast import Model, settings_of
from spark_jobs.ensemble.level import ClosedWindow, Level, closed_window, expected_share, level
from spark_jobs.ensemble.parts import Trained
from spark_jobs.explain import explained
from spark_jobs.features import drift
from spark_jobs.features.columns import Columns
from spark_jobs.judging import entering, tuning
from spark_jobs.judging.promotion import TUNED, Decision
from spark_jobs.models import examples, forecaster, learning, personas, registry
from spark_jobs.models.examples import Snapshot
from spark_jobs.models.learners import Learners
from spark_jobs.models.learning import Origin, latest_closed
from spark_jobs.training import evaluation, learning_at_once, regressing
from spark_jobs.training.evaluation import Holdout
from spark_jobs.training.learning_at_once import Built, Fit
from spark_jobs.training.record import Record
from spark_jobs.training.regressing import REGRESSION_ORIGINS, Regressions

log = logging.getLogger("clv.train")
# Number of latest origins per window that the trees learn from, before (False) and after (True) two years of history.
TREE_ORIGINS = {False: 5, True: 12}
HOLDOUTS = 2  # number of holdouts per horizon, the latest origins whose window has closed


@dataclass(frozen=True)
class Past:
    """The data from which a model is fitted.

    origins: the past dates, with the anchor fitted at each. closed_windows: what they showed of the level. panel:
    features and outcomes of a sample of each origin's customers. holdouts: by window length. spreads: by window length,
    the standard deviation of the error of totals, in logs. contestants: the forecasters that may be published.
    left_out: those left out for time, with the minutes that they would take.
    """

    training_date: date
    daily: Daily
    origins: dict[date, Origin]
    closed_windows: list[ClosedWindow]
    panel: dict[date, Columns]
    holdouts: dict[int, list[date]]
    spreads: dict[int, float]
    contestants: list[str]
    left_out: dict[str, float] = field(default_factory=dict)

    def examples_by(self, window: int, by: date) -> list[Snapshot]:
        """Returns the snapshots from which the trees of a window learn by a date."""
        trees = TREE_ORIGINS[(by - self.daily.first).days >= model_choice.TWO_YEARS]
        return learning.snapshots(self.origins, window, by, trees)

    def closed(self, window: int, by: date) -> list[date]:
        """Returns the origins from which a window's other contestants learn by a date."""
        return latest_closed(self.origins, window, by, REGRESSION_ORIGINS)

    def trainings(self) -> list[tuple[int, date]]:
        """Returns the window of each training and the date by which it ends: the training date and the holdouts."""
        return [(window, by) for window, days in self.holdouts.items() for by in (self.training_date, *days)]


@dataclass(frozen=True)
class Judged:
    """A window's model, the decision about it, its holdouts, and the blend that each way of choosing weights gives,
    with its losses."""

    trained: Trained
    decision: Decision | None
    holdouts: list[Holdout]
    blends: dict[str, Blend]


# Name of the set of parameters, window, and the date by which all examples had closed.
TrainingKey = tuple[str, int, date]


def fit(
    origins: dict[date, Origin],
    panel: dict[date, Columns],
    daily: Daily,
    settings: Settings,
    training_date: date,
    name: str,
    known: dict[str, tuning.Found] | None = None,
) -> tuple[Model, Record]:
    """Fits the model of a training date. Returns the calibrated model and its training record.

    origins, panel: what `train.read` returns. daily: the shop's revenue per day before the date. known: the result of
    an earlier parameter search on the same data, which is then not repeated.
    """
    log.info("fitted the anchor at %d origins, %s to %s", len(origins), min(origins), max(origins))
    past = past_of(origins, panel, daily, settings, training_date)
    wanted = itertools.chain.from_iterable(past.examples_by(*key) for key in past.trainings())
    built = learning_at_once.build(origins, past.panel, wanted)
    examples_built = sum(map(len, built.values()))
    log.info("built %d examples", examples_built)
    found = {} if known is None else known
    if settings.shop.tune_minutes and known is None:
        found = tuned(past, built, settings)
    sets = {OURS: model_choice.learners()}
    if any(one.better for one in found.values()):
        sets[TUNED] = tuning.chosen(found)
    learned = learn_all(past, built, sets)
    record, trained = Record.of(training_date, origins, examples_built, settings.blend, found), {}
    for window in past.holdouts:
        kept = decided(past, learned, window, settings.blend, challenged=TUNED in sets)
        trained[window] = kept.trained
        add_to_record(record, window, kept)
    latest = max(past.panel)
    fitted, columns = origins[latest].fit, past.panel[latest]
    model = Model(name, settings.horizons, trained, past.closed_windows, personas.fit(columns))
    common = settings_of(model, fitted, columns, daily, latest)
    record.reference = drift.reference(columns)
    record.contestants = {
        "tried": past.contestants, "left_out_for_time": past.left_out,
        "published": {window: one.published for window, one in trained.items()},
    }  # fmt: skip
    record.explained = explained.explain(model, fitted, columns, common, latest.isoformat())
    return model, record


def past_of(
    origins: dict[date, Origin], panel: dict[date, Columns], daily: Daily, settings: Settings, training_date: date
) -> Past:
    """Prepares everything that a model of a training date learns from."""
    closed = closed_windows(origins, daily)
    windows = learned_windows(origins, settings.horizons)
    holdouts = {window: latest_closed(origins, window, training_date, HOLDOUTS) for window in windows}
    spreads = totals.pooled_spreads({window: total_errors(origins, daily, window, closed) for window in holdouts})
    found = Past(training_date, daily, origins, closed, panel, holdouts, spreads, [])
    examples = [sum(len(panel[day]["t"]) for day in found.closed(*fit)) for fit in found.trainings()]
    entered = entering.entered(settings.contestants, settings.shop.auto_minutes, examples)
    return replace(found, contestants=entered.contestants, left_out=entered.left_out)


def learn_all(past: Past, built: Built, sets: dict[str, model_choice.Parameters]) -> dict[TrainingKey, Trained]:
    """Trains each window with each set of parameters, once by the training date and once by each of the window's
    holdouts."""
    keys = [(name, window, by) for name in sets for window, by in past.trainings()]
    fits = [Fit(window, by, past.examples_by(window, by), sets[name]) for name, window, by in keys]
    learners = learning_at_once.learn(built, fits)
    wanted = [key[1:] for key, found in zip(keys, learners, strict=True) if found]
    regressions = regressing.fit(past.origins, past.panel, wanted)
    others = {training: fit_others(past, *training) for training in past.trainings()}  # whatever the parameters
    return {
        key: with_others(found, regressions.get(key[1:], (None, None)), others[key[1:]])
        for key, found in zip(keys, learners, strict=True)
    }


def with_others(learners: Learners | None, regressions: Regressions, others: dict[str, forecaster.Json]) -> Trained:
    """Adds to the learners of a window the regressions and the other contestants of the same training. Without
    learners, because there were too few examples, there are only the other contestants."""
    if learners is None:
        return Trained(fitted=others)
    return Trained(learners, *regressions, dict(blending.USUAL), dict(blending.USUAL_CHANCE), fitted=others)


def fit_others(past: Past, window: int, by: date) -> dict[str, forecaster.Json]:
    """Fits, for one window, the contestants other than the blend, with the data known by a date. Returns them as JSON
    by name."""
    days = past.closed(window, by)
    latest = max(day for day in past.panel if day <= by)
    parts = [past.panel[day] for day in days] or [{name: a[:0] for name, a in past.panel[latest].items()}]
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    customer = columns.pop("customer_key")
    since_1970 = [(day - date(1970, 1, 1)).days for day in days]
    origin = np.repeat(np.array(since_1970, dtype=np.int64), [len(part["t"]) for part in parts][: len(days)])
    known = forecaster.Past(window, by, columns, customer, origin, past.panel[latest], past.origins[latest].fit)
    return registry.fit([name for name in past.contestants if name != OURS], known, past.contestants)[0]


def judged(past: Past, learned: dict[TrainingKey, Trained], parameters: str, window: int, blend: str) -> Judged:
    """Blends and calibrates a window's model with one set of parameters, on the window's holdouts."""
    then = [
        evaluation.predict_holdout(
            learned[parameters, window, day], past.origins[day].fit, past.panel[day], window, day.isoformat(),
            level_at(past, day, window),
        )
        for day in past.holdouts[window]
    ]  # fmt: skip
    most = max(origin.totals[window].most for origin in past.origins.values() if window in origin.totals)
    own, blends = evaluation.blended(learned[parameters, window, past.training_date], then, blend)
    calibrated = evaluation.calibrated(own, then, most, past.spreads[window], past.contestants)
    return Judged(*calibrated, then, blends)


def decided(past: Past, learned: dict[TrainingKey, Trained], window: int, blend: str, challenged: bool) -> Judged:
    """Returns a window's model with the usual parameters, or with the searched ones if these are promoted. The decision
    covers both."""
    kept = judged(past, learned, OURS, window, blend)
    if kept.decision and challenged:
        challenger = judged(past, learned, TUNED, window, blend)
        if challenger.decision:
            decision, promoted = kept.decision.challenged(challenger.decision)
            kept = replace(challenger if promoted else kept, decision=decision)
    if kept.decision:
        log.info("windows of %d days: %s is published", window, kept.decision.published)
    return kept


def add_to_record(record: Record, window: int, kept: Judged) -> None:
    """Adds the decision about a window, its weights and its metrics to a record."""
    if kept.decision:
        record.decisions += kept.decision.as_rows()
        record.backtest += kept.decision.measured_as_rows()
    record.holdouts[window] = [holdout.origin for holdout in kept.holdouts]
    record.blends[window] = kept.blends
    record.weights[window] = {"value": kept.trained.value_weights, "chance": kept.trained.chance_weights}
    record.metrics |= evaluation.scores(kept.trained, kept.holdouts)


def anchor_only(settings: Settings, training_date: date, name: str) -> tuple[Model, Record]:
    """Returns a model that consists of the anchor alone, for a date by which no window has closed."""
    log.info("no window has closed by %s: the model is the probabilistic one", training_date)
    return Model(name, settings.horizons), Record(training_date)


def tuned(past: Past, built: Built, settings: Settings) -> dict[str, tuning.Found]:
    """Searches parameters on the longest window with enough examples that had closed by its first holdout, so that the
    holdouts are unseen by the search. Returns an empty result if no window has enough examples."""
    minutes, how = settings.shop.tune_minutes, settings.shop.tune_search
    for window, days in sorted(past.holdouts.items(), reverse=True):
        rows = examples.weighted(built, past.examples_by(window, days[0]), window) if days else None
        if rows is not None:
            log.info("searching for parameters (%s, %g minutes) on windows of up to %d days", how, minutes, window)
            return tuning.search(rows, how, minutes)
    log.info("no search for parameters: too few examples had closed before the holdouts")
    return {}


def closed_windows(origins: dict[date, Origin], daily: Daily) -> list[ClosedWindow]:
    """Computes what each closed window showed of the level."""
    found = [
        closed_window(daily, day, window, (total.actual, total.expected), (total.buyers, total.expected_buyers))
        for day, origin in origins.items()
        for window, total in origin.totals.items()
    ]
    return [one for one in found if one]


def level_at(past: Past, day: date, window: int) -> Level:
    """Predicts the level of a closed window from what was known at its origin."""
    share = expected_share(past.daily, day, past.origins[day].totals[window].expected)
    return level(past.daily, day, window, past.closed_windows, share)


def total_errors(
    origins: dict[date, Origin], daily: Daily, window: int, closed: list[ClosedWindow]
) -> dict[date, float]:
    """Computes the errors of the calibrated total of a window at each origin where it has closed (see `totals`)."""
    found = {day: origin.totals[window] for day, origin in origins.items() if window in origin.totals}
    pairs = {day: (total.actual, total.expected) for day, total in found.items()}
    return totals.total_errors(daily, pairs, window, closed)


def learned_windows(origins: dict[date, Origin], horizons: Iterable[int]) -> list[int]:
    """Returns the windows to learn: for each horizon its own window, or the longest shorter window that has closed at
    some origin."""
    closed = {window for origin in origins.values() for window in origin.totals}
    found = {max((w for w in closed if w <= horizon), default=None) for horizon in horizons}
    return sorted(window for window in found if window)
