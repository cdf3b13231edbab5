"""Reads from the warehouse what the rules for events judge."""

from __future__ import annotations

from datetime import date, datetime

from clv.alerts.events import Judged, Matured
from clv.catalog import tables
from clv.core.settings import Settings
from clv.warehouse import db
from clv.warehouse.roles import PUBLISHER

FORECAST_TOTALS = f"{tables.ANALYTICS_RUNS}.forecast_totals"
EXPORTS = "ops.exports"
_JUDGED = """
    run_id, as_of_date, gate, expectation, success, coalesce(says, 'an expectation is not met'), mend, judged_at
"""


def _rows(query: str, home: Settings, *parameters: object) -> list[tuple]:
    return db.rows(query, parameters, home.url_as(PUBLISHER))


def _is_there(table: str, home: Settings) -> bool:
    query = "select coalesce(has_table_privilege(to_regclass(%s), 'select'), false)"
    return _rows(query, home, table)[0][0]


def stopped_by(run_ids: list[str], home: Settings) -> dict[str, Judged]:
    """The first critical expectation that was not met, by run, of the runs that have one."""
    query = f"""
        select distinct on (run_id) {_JUDGED} from {tables.GATE_RESULTS}
        where run_id = any(%s) and not success and severity = 'critical' order by run_id, expectation
    """  # noqa: S608 - our own names
    return {row[0]: Judged(*row) for row in _rows(query, home, run_ids)}


def warnings(home: Settings) -> list[Judged]:
    """Of each expectation that is a warning, its last result for the newest date that any gate has judged."""
    query = f"""
        select distinct on (expectation) {_JUDGED} from {tables.GATE_RESULTS}
        where severity = 'warning' and as_of_date = (select max(as_of_date) from {tables.GATE_RESULTS})
        order by expectation, judged_at desc
    """  # noqa: S608 - our own names
    return [Judged(*row) for row in _rows(query, home)]


def newest_published(home: Settings) -> date | None:
    """The newest published date."""
    return _rows(f"select max(as_of_date) from {tables.PUBLICATIONS}", home)[0][0]  # noqa: S608 - our own names


def last_loaded(home: Settings) -> datetime | None:
    """When the last file of orders was loaded that is not withdrawn; None if there is none."""
    query = f"""
        select max(loaded_at) from {tables.BATCHES}
        where kind = 'orders' and batch_id not in (select batch_id from {tables.WITHDRAWALS})
    """  # noqa: S608 - our own names
    return _rows(query, home)[0][0]


def matured(home: Settings) -> list[Matured]:
    """Of each horizon, the newest published forecast that the scorecard has measured, if its bounds are kept."""
    if not _is_there(FORECAST_TOTALS, home):
        return []
    query = f"""
        select distinct on (horizon_days)
            as_of_date, horizon_days, measured.currency, measured.actual_revenue, totals.predicted_revenue_low,
            totals.predicted_revenue_high
        from {tables.CLV_SCORECARD} as measured
        inner join {FORECAST_TOTALS} as totals using (as_of_date, run_id, horizon_days, grouped_by, group_name)
        where grouped_by = 'all' and totals.predicted_revenue_high is not null
        order by horizon_days, as_of_date desc, measured.measured_at desc
    """  # noqa: S608 - our own names
    return [Matured(*row) for row in _rows(query, home)]


def trained(since: datetime, home: Settings) -> list[tuple[str, str, date]]:
    """The models that were trained since a time: version, training date, date of the run; each once."""
    query = f"""
        select distinct on (facts->>'model_version')
            facts->>'model_version', facts->>'training_date', runs.as_of_date
        from {tables.TASK_LOG} as log inner join {tables.RUNS} as runs using (run_id)
        where task = 'train' and facts->>'trained' = 'true' and log.ended_at >= %s
        order by facts->>'model_version', log.ended_at
    """  # noqa: S608 - our own names
    return _rows(query, home, since)


def unconfirmed_exports(before: datetime, home: Settings) -> list[tuple[str, str, date, int]]:
    """Of each list and destination, the newest date with customers whom the destination has not confirmed since they
    were taken before a time, and how many."""
    if not _is_there(EXPORTS, home):
        return []
    query = f"""
        select distinct on (list_name, destination) list_name, destination, as_of_date, count(*)
        from {EXPORTS} where state = 'sending' and added_at < %s group by list_name, destination, as_of_date
        order by list_name, destination, as_of_date desc
    """  # noqa: S608 - our own names
    return _rows(query, home, before)
