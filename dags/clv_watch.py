"""## clv_watch: says what went wrong

Every five minutes, looks for failed runs, gates that stopped a run or warn, missing runs and orders, forecasts that
missed, and what else `alerts.yml` in the home names, and sends each once to those who want to hear of it
(docs/alerts.md). Without that file, this DAG has no schedule.
"""

from datetime import UTC, datetime

from airflow.sdk import dag
from schedule import FromNowOn
from task_factories.steps import watch

from clv.core import settings


@dag(
    dag_id="clv_watch",
    schedule=FromNowOn("*/5 * * * *", timezone="UTC") if settings.located().alerts_file.is_file() else None,
    start_date=datetime(1990, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=["perennial"],
)
def clv_watch():
    watch()


clv_watch()
