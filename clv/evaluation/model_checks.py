"""Does a model still hold at a date? The features are compared with those it learned from: where they have drifted, the
model of the week takes the place of the month's. The forecasts that matured are compared with what happened: where they
missed, that is told and kept. It decides nothing, since what was published hangs on the order of runs."""

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

LOOK_BACK = 31  # days: a forecast that matured longer ago tells little of the model in force
FEWEST_CUSTOMERS = 200
MOST_CUSTOMERS = 100_000  # of a matured forecast that are looked at; the same ones each time
RANKING_MAY_FALL = 0.05  # below the normalised Gini on the dates held back in training
TOTAL_MAY_MISS = 1.5  # times too much or too little


@dataclass(frozen=True)
class Check:
    """One check of a model: see ops.model_checks, whose columns these are."""

    check_name: str
    observed: float
    allowed: float
    passed: bool
    expected: float | None = None
    forecast_of: date | None = None

    @property
    def follows_from_data(self) -> bool:
        """Whether every order of runs finds the same."""
        return self.forecast_of is None

    def __str__(self) -> str:
        expected = "" if self.expected is None else f", expected {self.expected:.6g}"
        return f"{self.check_name} {self.observed:.6g}{expected} (allowed {self.allowed:g})"


def run(as_of: date, run_id: str, model_version: str, settings: Settings | None = None) -> list[Check]:
    """Checks a registered model at a date, keeps what was found in ops.model_checks, and returns it."""
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
    """Each watched feature of a run against the model's reference; none where the run has too few customers."""
    found = []
    for name, known in reference.items():
        query = f"""
            select width_bucket({name}, %s::double precision[]), count(*) from {tables.CUSTOMER_FEATURES}
            where as_of_date = %s and run_id = %s and {USABLE} and {name} is not null group by 1
        """  # noqa: S608 - our own SQL; values are bound or quoted
        counts = dict(db.rows(query, (known["edges"], as_of, run_id), settings.url_as(MODELLER)))
        customers = sum(counts.values())
        if customers < FEWEST_CUSTOMERS:
            continue
        shares = [counts.get(number, 0) / customers for number in range(len(known["shares"]))]
        index = stability_index(known["shares"], shares)
        found.append(Check(f"drift of {name}", index, ALLOWED, index <= ALLOWED))
    return found


def matured(as_of: date, horizon_days: int, ranking: float | None, settings: Settings) -> list[Check]:
    """The last published forecast whose days were over, against what happened; none without one.

    ranking: the normalised Gini that training measured, where it could.
    """
    query = f"select max(as_of_date) from {tables.PUBLICATIONS} where as_of_date between %s and %s"  # noqa: S608 - our own names
    end = as_of - timedelta(days=horizon_days)
    forecast_of = db.rows(query, (end - timedelta(days=LOOK_BACK), end), settings.url_as(MODELLER))[0][0]
    if forecast_of is None:
        return []
    query = f"""
        select said.predicted_revenue::double precision, coalesce(came.revenue, 0)::double precision
        from {tables.ANALYTICS}.customer_clv_horizons_history as said
        left join {outcomes.WITHIN} as came using (customer_key)
        where said.as_of_date = %(origin)s and said.horizon_days = %(horizon)s and said.predicted_revenue is not null
        order by hashtextextended(said.customer_key::text, 0), said.customer_key limit {MOST_CUSTOMERS}
    """  # noqa: S608 - our own names
    values = {"origin": forecast_of, "horizon": horizon_days}
    rows = db.rows(query, values, settings.url_as(MODELLER))
    if len(rows) < FEWEST_CUSTOMERS:
        return []
    predicted, actual = np.array(rows, dtype=float).T
    predicted_total, actual_total = float(predicted.sum()), float(actual.sum())
    if actual_total <= 0 or predicted_total <= 0:
        return []
    missed = max(predicted_total / actual_total, actual_total / predicted_total)
    checks = [
        Check(
            f"matured total, {horizon_days} days", actual_total, TOTAL_MAY_MISS, missed <= TOTAL_MAY_MISS,
            predicted_total, forecast_of,
        )
    ]  # fmt: skip
    if ranking is not None:
        gini = metrics.normalized_gini(actual, predicted)
        is_met = gini >= ranking - RANKING_MAY_FALL
        name = f"matured ranking, {horizon_days} days"
        checks.append(Check(name, gini, RANKING_MAY_FALL, is_met, ranking, forecast_of))
    return checks
