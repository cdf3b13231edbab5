"""## clv_daily: from raw orders to published customer lifetime value

Runs at 00:00 UTC for the day that begins, and covers every order **strictly before** that day. Any past day can be
made again: backfill from the UI, or trigger a single run with that logical date. Runs may overlap and come in any
order; each writes under a `run_id` of its own, and readers move only when `publish` has flipped the date to it.

@STEPS@

A failed gate names the expectation, the counts and masked examples; nothing is published then, and yesterday's rows
stay. Clear the whole run, not a part of it, to make a published date again.
"""

from datetime import UTC, datetime, timedelta

from airflow.sdk import dag
from schedule import FromNowOn
from task_factories.forms import form
from task_factories.steps import run_of

from clv.pipeline import steps


@dag(
    dag_id="clv_daily",
    schedule=FromNowOn("0 0 * * *", timezone="UTC"),
    start_date=datetime(1990, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=4,
    dagrun_timeout=timedelta(hours=12),
    doc_md=(__doc__ or "").replace("@STEPS@", steps.table((steps.OPEN_RUN, *steps.daily()))),
    tags=["perennial"],
    params=form(description="Train a model for this date even when this month's model exists."),
)
def clv_daily():
    run_of(steps.daily())


clv_daily()
