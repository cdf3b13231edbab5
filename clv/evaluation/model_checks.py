"""Checks whether a model still fits at a date.

Compares the features with those the model was trained on; if they have drifted, the week's model replaces the month's.
Also compares forecasts that have matured with the actual revenue. An inaccurate forecast is reported and recorded, but
does not change the choice of the model, because which forecasts are published depends on the order of runs.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, timedelta

import numpy as np

from clv.catalog import outcomes, tables
from clv.core import settings as settings_module
from clv.core.settings import Settings
from clv.warehouse import db, registry
from clv.warehouse.roles import MODELLER
from spark_jobs.ensemble import model_files
from spark_jobs.features.columns import USABLE
from spark_jobs.features.drift import ALLOWED, stability_index
from spark_jobs.judging import metrics

MAX_AGE_DAYS = 31  # a forecast that matured longer ago tells little about the model in use
MIN_CUSTOMERS = 200
MAX_CUSTOMERS = 100_000  # at most so many customers of a matured forecast are compared; always the same ones
GINI_TOLERANCE = 0.05  # how far the normalised Gini may fall below that of the holdouts in training
TOTAL_TOLERANCE = 1.5  # factor by which the predicted total may be too high or too low


@dataclass(frozen=True)
class Check:
    """The result of one check: a row of ops.model_checks."""

    check_name: str
    observed: float
    allowed: float
    passed: bool
    expected: float | None = None
    forecast_of: date | None = None

    @property
    def follows_from_data(self) -> bool:
        """Whether the result depends on the data alone, and not on the order of runs."""
        return self.forecast_of is None

    def __str__(self) -> str:
        expected = "" if self.expected is None else f", expected {self.expected:.6g}"
        return f"{self.check_name} {self.observed:.6g}{expected} (allowed {self.allowed:g})"


def run(as_of: date, run_id: str, model_version: str, settings: Settings | None = None) -> list[Check]:
    """Checks a registered model at a date, records the results in ops.model_checks, and returns them."""
    settings = settings or settings_module.load()
    record = model_files.record(registry.files(model_version, settings))
    found = drift(as_of, run_id, record.get("reference", {}), settings)
    for horizon in settings.horizons:
        found += matured(as_of, horizon, record["metrics"].get(f"{horizon}.ours.gini"), settings)
    with db.connect(settings.url_as(MODELLER)) as connection:
        connection.execute(f"delete from {tables.MODEL_CHECKS} where run_id = %s", (run_id,))  # type: ignore[arg-type]  # noqa: S608 - our own names
        for check in found:
            values = {"as_of_date": as_of, "run_id": run_id, "model_version": model_version, **asdict(check)}
            connection.execute(
                f"insert into {tables.MODEL_CHECKS} ({', '.join(values)}) "  # type: ignore[arg-type]  # noqa: S608 - our own SQL; values are bound or quoted
                f"values ({', '.join(f'%({name})s' for name in values)})",
                values,
            )
    return found


def drift(as_of: date, run_id: str, reference: dict[str, dict], settings: Settings) -> list[Check]:
    """Compares the distribution of each watched feature with the model's reference. Features with too few values are
    left out."""
    found = []
    for name, known in reference.items():
        query = f"""
            select width_bucket({name}, %s::double precision[]), count(*) from {tables.CUSTOMER_FEATURES}
            where as_of_date = %s and run_id = %s and {USABLE} and {name} is not null group by 1
        """  # noqa: S608 - our own SQL; values are bound or quoted
        counts = dict(db.rows(query, (known["edges"], as_of, run_id), settings.url_as(MODELLER)))
        customers = sum(counts.values())
        if customers < MIN_CUSTOMERS:
            continue
        shares = [counts.get(number, 0) / customers for number in range(len(known["shares"]))]
        index = stability_index(known["shares"], shares)
        found.append(Check(f"drift of {name}", index, ALLOWED, index <= ALLOWED))
    return found


def matured(as_of: date, horizon_days: int, ranking: float | None, settings: Settings) -> list[Check]:
    """Compares the latest published forecast that has matured with the actual revenue; empty if there is none.

    ranking: the normalised Gini on the holdouts of training, or None.
    """
    query = f"""
        select max(as_of_date) from {tables.PUBLICATIONS} where as_of_date between %s and %s and removed_at is null
    """  # noqa: S608 - our own names
    end = as_of - timedelta(days=horizon_days)
    forecast_of = db.rows(query, (end - timedelta(days=MAX_AGE_DAYS), end), settings.url_as(MODELLER))[0][0]
    if forecast_of is None:
        return []
    query = f"""
        select predictions.predicted_revenue::double precision, coalesce(actual.revenue, 0)::double precision
        from {tables.ANALYTICS}.customer_clv_horizons_history as predictions
        left join {outcomes.WITHIN} as actual using (customer_key)
        where predictions.as_of_date = %(origin)s and predictions.horizon_days = %(horizon)s
            and predictions.predicted_revenue is not null
        order by hashtextextended(predictions.customer_key::text, 0), predictions.customer_key limit {MAX_CUSTOMERS}
    """  # noqa: S608 - our own names
    values = {"origin": forecast_of, "horizon": horizon_days}
    rows = db.rows(query, values, settings.url_as(MODELLER))
    if len(rows) < MIN_CUSTOMERS:
        return []
    predicted, actual = np.array(rows, dtype=float).T
    predicted_total, actual_total = float(predicted.sum()), float(actual.sum())
    if actual_total <= 0 or predicted_total <= 0:
        return []
    ratio = max(predicted_total / actual_total, actual_total / predicted_total)
    checks = [
        Check(
            f"matured total, {horizon_days} days", actual_total, TOTAL_TOLERANCE, ratio <= TOTAL_TOLERANCE,
            predicted_total, forecast_of,
        )
    ]  # fmt: skip
    if ranking is not None:
        gini = metrics.normalized_gini(actual, predicted)
        is_met = gini >= ranking - GINI_TOLERANCE
        name = f"matured ranking, {horizon_days} days"
        checks.append(Check(name, gini, GINI_TOLERANCE, is_met, ranking, forecast_of))
    return checks
