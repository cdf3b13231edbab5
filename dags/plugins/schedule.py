"""The daily schedule: Airflow's cron trigger, changed so that it never starts past days by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.plugins_manager import AirflowPlugin
from airflow.sdk import timezone
from airflow.timetables.base import DagRunInfo, DataInterval, TimeRestriction
from airflow.timetables.trigger import CronTriggerTimetable
from airflow.utils.types import DagRunType
from pendulum import DateTime

if TYPE_CHECKING:
    from airflow.models.dagrun import DagRun

# The scheduler may look a little after midnight; the tick that has just passed still counts as due.
GRACE = timedelta(minutes=2)
LAPSED = timedelta(days=7)


class FromNowOn(CronTriggerTimetable):
    """Starts a run at each tick from now on. Makes up for ticks missed in the last days; after a longer pause,
    continues with the next tick.

    Airflow's own cron trigger with `catchup=False` starts the last tick as soon as a DAG is unpaused, and again after a
    backfill, because it counts the backfill as a scheduled run. Here, the tick before now is due only if a scheduled
    run lies within the last seven days; a backfill never makes a tick due.
    """

    def run_info_from_dag_run(self, *, dag_run: DagRun) -> DagRunInfo:
        """The argument that Airflow passes to `next_dagrun_info` for the last run; for a backfill, without an
        interval."""
        info = super().run_info_from_dag_run(dag_run=dag_run)
        return info._replace(data_interval=None) if dag_run.run_type == DagRunType.BACKFILL_JOB else info

    def next_dagrun_info(
        self, *, last_automated_data_interval: DataInterval | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        last = last_automated_data_interval
        now = timezone.coerce_datetime(timezone.utcnow())
        if not restriction.catchup and (last is None or last.end < now - LAPSED):
            upcoming: DateTime = self._align_to_next(now - GRACE)
            last = None
            restriction = restriction._replace(earliest=upcoming)
        return super().next_dagrun_info(last_automated_data_interval=last, restriction=restriction)

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> FromNowOn:
        return super().deserialize(data)  # type: ignore[return-value]


class SchedulePlugin(AirflowPlugin):
    name = "perennial_schedule"
    timetables = [FromNowOn]
