"""## clv_daily: from raw orders to published customer lifetime value

Runs at 00:00 UTC for the day that begins, and covers every order **strictly before** that day. Any past day can be
made again: backfill from the UI, or trigger a single run with that logical date. Runs may overlap and come in any
order; each writes under a `run_id` of its own, and readers move only when `publish` has flipped the date to it.

| task | reads | writes |
|---|---|---|
| open_run | the date | ops.runs |
| ingest | landing files | raw, pii, quarantine |
| build_staging, build_intermediate | raw | staging, quarantine, intermediate |
| build_features | intermediate | features |
| train | features of closed past dates, matured forecasts | ops.model_checks; a model, where none will do |
| score | features, the model | predictions |
| build_analytics | all of the above | analytics_runs |
| gate_* | the layer before | ops.gate_results |
| publish | analytics_runs | one row in analytics.publications |
| scorecard | published forecasts that matured, intermediate | ops.clv_scorecard |
| report | what is published | the report's page |

A failed gate names the expectation, the counts and masked examples; nothing is published then, and yesterday's rows
stay. Clear the whole run, not a part of it, to make a published date again.
"""

from datetime import UTC, datetime, timedelta

from airflow.sdk import chain, dag
from schedule import FromNowOn
from task_factories.forms import form
from task_factories.steps import open_run, step


@dag(
    dag_id="clv_daily",
    schedule=FromNowOn("0 0 * * *", timezone="UTC"),
    start_date=datetime(1990, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=4,
    dagrun_timeout=timedelta(hours=12),
    doc_md=__doc__,
    tags=["perennial"],
    params=form(anew="Train a model for this date even when this month's model exists."),
)
def clv_daily():
    trained = step("train", pool="spark")(force="{{ params.force_retrain }}")
    scored = step("score", pool="spark")(model=trained)
    chain(
        open_run(),
        step("ingest")(),
        step("gate_raw")(),
        step("build_staging", pool="build")(),
        step("gate_staging")(),
        step("build_intermediate", pool="build")(),
        step("build_features", pool="build")(),
        step("gate_features")(),
        trained,
        scored,
        step("gate_predictions")(),
        step("build_analytics", pool="build")(),
        step("gate_analytics")(),
        step("publish")(),
        step("scorecard")(),
        step("report")(),
    )


clv_daily()
