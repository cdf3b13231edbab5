"""## clv_train: the month's model

Runs on the first of each month at 00:00 UTC, so that the daily runs of the month find their model ready. Start it by
hand with another logical date (and `force_retrain`) for any other day. A model is identified by its training date and a
digest of its training data, so training the same again changes nothing.
"""

from datetime import UTC, datetime

from airflow.sdk import dag
from schedule import FromNowOn
from task_factories.forms import form
from task_factories.steps import run_of

from clv.pipeline import steps


@dag(
    dag_id="clv_train",
    schedule=FromNowOn("0 0 1 * *", timezone="UTC"),
    start_date=datetime(1990, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=["perennial"],
    params=form(description="Train for exactly this date, even when the month's model exists."),
)
def clv_train():
    run_of(steps.training())


clv_train()
