"""Trains models and makes forecasts with them."""

from __future__ import annotations

from datetime import date

import spark_jobs.score
import spark_jobs.train
from clv.core import dates, settings
from clv.evaluation import model_checks
from clv.pipeline.steps import Facts
from clv.pipeline.tasks import gates
from clv.transform import dbt
from clv.warehouse import db, locks, model_choice, roles
from clv.warehouse.roles import PUBLISHER


def train(as_of: date, run_id: str, force: object = False) -> Facts:
    """Ensures that the model for this date exists: the month's model, or the week's if the features have drifted since
    the month's was trained."""
    forced = str(force).lower() == "true"
    choice = _choice(as_of, force=forced)
    facts = _ensure(choice, as_of, run_id, forced)
    if forced or choice.model_version is None:
        return facts
    checks = model_checks.run(as_of, run_id, choice.model_version)
    failed = [check for check in checks if not check.passed]
    facts = {**facts, "checks": len(checks), "failed_checks": [str(check) for check in failed]}
    if failed:
        print(f"model {choice.model_version} fails its checks: {'; '.join(map(str, failed))}", flush=True)
    if any(check.follows_from_data for check in failed):
        weekly = _choice(as_of, of_the_week=True)
        if weekly.training_date != choice.training_date:
            facts |= _ensure(weekly, as_of, run_id)
    return facts


def _choice(as_of: date, force: bool = False, of_the_week: bool = False) -> model_choice.Choice:
    """Chooses the model. All runs of a month compare the data that models were trained on with the same persons."""
    with dbt.persons_of(dates.training_date(as_of), settings.load()):
        return model_choice.for_run(as_of, force=force, of_the_week=of_the_week)


def _ensure(choice: model_choice.Choice, as_of: date, run_id: str, forced: bool = False) -> Facts:
    """Trains the chosen model if it does not exist."""
    facts: Facts = {
        "training_date": choice.training_date.isoformat() if choice.training_date else None,
        "model_version": choice.model_version,
        "status_reason": choice.status_reason,
        "trained": False,
    }
    if choice.status_reason or choice.exists or not choice.training_date or not choice.data_digest:
        return facts
    training = choice.training_date.isoformat()
    # The training date itself is not an origin. Its customers are built because the model's reference predictions need
    # them.
    days = [day.isoformat() for day in (*choice.origins, choice.training_date)]
    variables = {"as_of_date": training, "run_id": run_id, "training_date": training, "origins": days}
    built = dbt.build("training", variables, settings.load())
    gates.require_judged(built["staging"], as_of, run_id)
    # Hold the shared customer lock, so that a customer erased meanwhile cannot appear in the reference predictions.
    with (
        db.lock(locks.CUSTOMERS, roles.url(PUBLISHER), shared=True),
        dbt.persons_of(choice.training_date, settings.load()),
    ):
        trained = spark_jobs.train.run(choice.training_date, run_id, choice.data_digest, forced)
    return {**facts, **trained}


def score(as_of: date, run_id: str, model: dict | None = None) -> Facts:
    """Scores every customer at the date with the chosen model, or records why there is no forecast."""
    model = model or {}
    # Hold the shared customer lock, so that a customer erased meanwhile cannot be scored.
    with db.lock(locks.CUSTOMERS, roles.url(PUBLISHER), shared=True), dbt.persons_of(as_of, settings.load()):
        return spark_jobs.score.run(
            as_of, run_id, model.get("model_version") or spark_jobs.score.NO_MODEL, model.get("status_reason")
        )
