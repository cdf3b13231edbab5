"""What the steps of a run do, as plain functions. Airflow's tasks call `take`; nothing here depends on Airflow.

`clv.pipeline.steps` declares the steps and their order. Each step is a function of (as_of_date, run_id), replaces its
own slice, and returns facts: what it read and wrote.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from typing import Any

from clv.catalog import tables
from clv.core import dates, settings
from clv.core.errors import ClvError
from clv.evaluation import model_checks, scorecard
from clv.pipeline import steps
from clv.reporting import remarks, report
from clv.transform import dbt
from clv.warehouse import db, locks, model_choice, publication, roles, runs
from clv.warehouse.roles import PUBLISHER

Facts = dict[str, object]


def open_run(as_of: date, started_by: str, dag_id: str | None = None) -> str:
    """Opens a run for a date and returns its run_id."""
    run_id = runs.open_run(as_of, started_by, dag_id)
    print(f"run {run_id} covers every order before {as_of}", flush=True)
    return run_id


def take(name: str, as_of: date, run_id: str, try_number: int = 1, **options: object) -> Facts:
    """Runs one step, logs its facts or its error to ops.task_log, and returns the facts."""
    started = time.time()
    print(f"{name}: run {run_id}, as of {as_of}", flush=True)
    if name not in CLOSING:
        runs.require_unpublished(run_id)
    try:
        facts = STEPS[name](as_of, run_id, **options)
    except Exception as error:
        # An unexpected error may quote rows, so its text stays in the task's own log.
        why = str(error) if isinstance(error, ClvError) else f"{type(error).__name__}; the task's log has it"
        runs.log(run_id, name, started, {"error": why}, try_number)
        raise
    runs.log(run_id, name, started, facts, try_number)
    print(f"{name}: " + ", ".join(f"{key} {value}" for key, value in facts.items()), flush=True)
    return facts


def ingest(as_of: date, run_id: str) -> Facts:  # noqa: ARG001 - raw is the same for every date
    """Loads the files in landing that were not loaded before."""
    from clv import sources as ingestion
    from clv.sources.loading import currencies

    home = settings.load()
    currencies.require_the_warehouses(home)

    def tell(result: ingestion.BatchResult) -> None:
        if not result.already_loaded:
            print("\n".join(ingestion.told(result, home)), flush=True)

    results = ingestion.landing(home, today=dates.today(home.shop.time_zone), tell=tell)
    new = [result for result in results if not result.already_loaded]
    for result in new:
        for doubt in result.doubts:
            print(f"{result.file_name}: warning: {doubt}", flush=True)
    return {
        "files": len(results),
        "loaded files": len(new),
        "rows loaded": sum(result.loaded for result in new),
        "rows unreadable": sum(result.unreadable for result in new),
    }


def build(layer: str) -> Callable[[date, str], Facts]:
    """Makes the step that builds one dbt layer."""

    def step(as_of: date, run_id: str) -> Facts:
        return dbt.build(layer, {"as_of_date": as_of.isoformat(), "run_id": run_id}, settings.load())

    return step


def build_features(as_of: date, run_id: str) -> Facts:
    """Builds the features from a state of staging that passed its gate."""
    facts = build("features")(as_of, run_id)
    _judge_what_was_used(facts["staging"], as_of, run_id)
    return facts


def build_analytics(as_of: date, run_id: str) -> Facts:
    """Builds the tables to publish; reports what profit rests on and how many customers may be contacted."""
    facts = build("analytics")(as_of, run_id)
    query = remarks.QUERY.format(
        relation=f"{tables.ANALYTICS_RUNS}.segment_summary", condition="as_of_date = %s and run_id = %s"
    )
    basis = remarks.Basis(*db.rows(query, (as_of, run_id), roles.url(PUBLISHER))[0])
    for remark in remarks.of_run(basis, settings.load()):
        print(f"note: {remark}", flush=True)
    return {**facts, **basis.facts()}


def gate(name: str) -> Callable[[date, str], Facts]:
    """Makes the step that judges one layer. The step raises ClvError when a critical expectation fails."""

    def step(as_of: date, run_id: str) -> Facts:
        from clv.reporting.report import gates
        from expectations.gates import judge

        return judge(name, as_of, run_id, gates.write)

    return step


def gate_staging(as_of: date, run_id: str) -> Facts:
    """Judges staging while no build changes it, and records the state that was judged."""
    with db.lock(locks.BUILD, roles.url(PUBLISHER)):
        return {**gate("staging")(as_of, run_id), "staging": dbt.staging_state()}


def gate_features(as_of: date, run_id: str) -> Facts:
    """Judges the features, comparing them with staging while no build changes it."""
    with db.lock(locks.BUILD, roles.url(PUBLISHER)):
        return gate("features")(as_of, run_id)


def _judge_what_was_used(used: object, as_of: date, run_id: str) -> None:
    """Judges again what this run used of staging, if another run has rebuilt staging since this run's gate."""
    if not used:
        raise ClvError("another run left intermediate half built: clear the task build_intermediate")
    query = f"select 1 from {tables.TASK_LOG} where run_id = %s and facts->>'staging' = %s and not facts ? 'error'"  # noqa: S608 - our own names
    if db.rows(query, (run_id, used), roles.url(PUBLISHER)):
        return
    print("staging was rebuilt by another run meanwhile: judging it again", flush=True)
    if gate_staging(as_of, run_id)["staging"] != used:
        raise RuntimeError("staging changed again while it was judged: try again")  # so it is retried


def train(as_of: date, run_id: str, force: object = False) -> Facts:
    """Ensures that the model for this date exists: the month's model, or the week's when the features have drifted from
    it."""
    forced = str(force).lower() == "true"
    choice = model_choice.for_run(as_of, force=forced)
    facts = _make_sure(choice, as_of, run_id, forced)
    if forced or choice.model_version is None:
        return facts
    checks = model_checks.run(as_of, run_id, choice.model_version)
    failed = [check for check in checks if not check.passed]
    facts = {**facts, "checks": len(checks), "failed_checks": [str(check) for check in failed]}
    if failed:
        print(f"model {choice.model_version} does not hold: {'; '.join(map(str, failed))}", flush=True)
    if any(check.follows_from_data for check in failed):
        weekly = model_choice.for_run(as_of, of_the_week=True)
        if weekly.training_date != choice.training_date:
            facts |= _make_sure(weekly, as_of, run_id)
    return facts


def _make_sure(choice: model_choice.Choice, as_of: date, run_id: str, forced: bool = False) -> Facts:
    """Trains the chosen model if it does not exist."""
    from spark_jobs import train as job

    facts: Facts = {
        "training_date": choice.training_date.isoformat() if choice.training_date else None,
        "model_version": choice.model_version,
        "status_reason": choice.status_reason,
        "trained": False,
    }
    if choice.status_reason or choice.exists or not choice.training_date or not choice.data_digest:
        return facts
    training = choice.training_date.isoformat()
    # The training date is no origin. Its customers are built for the model's reference predictions.
    days = [day.isoformat() for day in (*choice.origins, choice.training_date)]
    variables = {"as_of_date": training, "run_id": run_id, "training_date": training, "origins": days}
    built = dbt.build("training", variables, settings.load())
    _judge_what_was_used(built["staging"], as_of, run_id)
    # Hold the shared customer lock, so that a customer erased meanwhile cannot be among the references.
    with db.lock(locks.CUSTOMERS, roles.url(PUBLISHER), shared=True):
        trained = job.run(choice.training_date, run_id, choice.data_digest, forced)
    return {**facts, **trained}


def score(as_of: date, run_id: str, model: dict | None = None) -> Facts:
    """Scores every customer at the date with the chosen model, or records why there is no forecast."""
    from spark_jobs import score as job

    model = model or {}
    # Hold the shared customer lock, so that a customer erased meanwhile cannot be scored.
    with db.lock(locks.CUSTOMERS, roles.url(PUBLISHER), shared=True):
        return job.run(as_of, run_id, model.get("model_version") or job.NO_MODEL, model.get("status_reason"))


def publish(as_of: date, run_id: str) -> Facts:
    """Publishes the run: readers of its date see it at once."""
    return publication.publish(as_of, run_id)


def measure_forecasts(as_of: date, run_id: str) -> Facts:  # noqa: ARG001 - every date's matured forecasts
    """Compares published forecasts that have matured with the actual outcomes."""
    return scorecard.measure()


def write_report(as_of: date, run_id: str) -> Facts:  # noqa: ARG001 - the page shows what is published
    """Writes the page of the date's published run."""
    return {"page": str(report.write(as_of, settings.load()))}


STEPS: dict[str, Callable[..., Facts]] = {
    "ingest": ingest,
    "gate_raw": gate("raw"),
    "build_staging": build("staging"),
    "gate_staging": gate_staging,
    "build_intermediate": build("intermediate"),
    "build_features": build_features,
    "gate_features": gate_features,
    "train": train,
    "score": score,
    "gate_predictions": gate("predictions"),
    "build_analytics": build_analytics,
    "gate_analytics": gate("analytics"),
    "publish": publish,
    "scorecard": measure_forecasts,
    "report": write_report,
}
CLOSING = {step.name for step in steps.DAILY if step.closes}


def run(as_of: date, started_by: str = "pipeline", force_retrain: bool = False) -> str:
    """Runs every step in this process, without Airflow (for tests and benchmarks); returns the run_id."""
    run_id = open_run(as_of, started_by)
    facts: dict[str, Facts] = {}
    params = {"force_retrain": force_retrain}
    for step in steps.DAILY:
        options: dict[str, Any] = {argument: params[name] for argument, name in step.params.items()}
        options |= {argument: facts[name] for argument, name in step.given.items()}
        facts[step.name] = take(step.name, as_of, run_id, **options)
    return run_id
