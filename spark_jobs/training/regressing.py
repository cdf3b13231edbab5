"""Fits the logistic regression and the forest of each training, many at a time (`spark_jobs.io.parallel`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from spark_jobs.features import outcomes
from spark_jobs.features.columns import Columns
from spark_jobs.io import parallel
from spark_jobs.models import anchor, forest, logistic
from spark_jobs.models.forest import Forest
from spark_jobs.models.learning import Origin, latest_closed
from spark_jobs.models.logistic import Logistic

REGRESSION_ORIGINS = 8  # number of latest origins that the regression and the forest learn from
ENOUGH_OWN_ORIGINS = 3  # with fewer closed origins of its window, they also learn from shorter windows
Regressions = tuple[Logistic | None, Forest | None]
Training = tuple[int, date]  # a window in days, and the date by which everything that is learned from had closed


def fit(
    origins: Mapping[date, Origin], panel: Mapping[date, Columns], wanted: Iterable[Training]
) -> dict[Training, Regressions]:
    """Fits the regression and the forest of each training; None where there are too few examples."""
    trainings = list(dict.fromkeys(wanted))
    with parallel.sharing((origins, panel), "the regressions were fitted") as each:
        return dict(zip(trainings, each(_fitted, trainings), strict=True))


def _fitted(shared: tuple[dict[date, Origin], dict[date, Columns]], training: Training) -> Regressions:
    inputs, bought, spent = regression_examples(*shared, *training)
    return logistic.fit(inputs, bought), forest.fit(inputs, spent)


def regression_examples(
    origins: dict[date, Origin], panel: dict[date, Columns], window: int, by: date
) -> tuple[list, list, list]:
    """Returns the inputs of a window's logistic regression and forest, who bought, and the money spent, per origin.

    If the window has closed at fewer than ENOUGH_OWN_ORIGINS origins, origins of shorter windows are added, down to
    half its length.
    """
    days = {window: latest_closed(origins, window, by, REGRESSION_ORIGINS)}
    if len(days[window]) < ENOUGH_OWN_ORIGINS:
        lengths = {w for origin in origins.values() for w in origin.totals if window / 2 <= w < window}
        days |= {w: latest_closed(origins, w, by, REGRESSION_ORIGINS) for w in sorted(lengths)}
    inputs, bought, spent = [], [], []
    for length, day in [(w, day) for w in days for day in days[w]]:
        expected = anchor.probabilistic(origins[day].fit, panel[day], length)
        inputs.append(logistic.inputs(origins[day].fit, panel[day], expected, length))
        bought.append(outcomes.bought(panel[day], length))
        spent.append(outcomes.spent(panel[day], length))
    return inputs, bought, spent
