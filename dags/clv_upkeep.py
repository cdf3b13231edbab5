"""## clv_upkeep: deletes what nobody reads any more

Runs at 03:00 UTC. Deletes rows of superseded runs, old features, predictions, build folders and logs, and personal data
older than `retention_days`. A published run, the one published before it, and any run of the last days are kept. With
`daily_history_days`, older months keep only their last published date.
"""

from datetime import UTC, datetime

from airflow.sdk import dag
from schedule import FromNowOn
from task_factories.steps import upkeep


@dag(
    dag_id="clv_upkeep",
    schedule=FromNowOn("0 3 * * *", timezone="UTC"),
    start_date=datetime(1990, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=["perennial"],
)
def clv_upkeep():
    upkeep()


clv_upkeep()
