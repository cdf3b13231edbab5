"""The page of a run's gates: CLV_HOME/reports/gates/<run_id>.html, and an index over the latest runs.

The page is written after each gate from ops.gate_results, so it also exists when a gate has stopped the run.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from psycopg.rows import dict_row

from clv.catalog import tables
from clv.core import settings
from clv.core.errors import ClvError
from clv.reporting import pages
from clv.warehouse import db, publication, roles
from clv.warehouse.roles import PUBLISHER

FOLDER = "gates"
LATEST = 60  # runs in the index
SEVERITIES = ("critical", "warning")

_RESULTS = f"""
    select
        gate, as_of_date, judged_at, severity, success, observed, unexpected_count, rows_judged, dimension,
        coalesce(examples, '[]') as examples, says, expected, mend,
        split_part(expectation, ': ', 1) as judged_table, split_part(expectation, ': ', 2) as name
    from {tables.GATE_RESULTS} where run_id = %s
    order by judged_table, name
"""  # noqa: S608 - our own names
_RUNS = f"""
    select
        run_id, as_of_date, max(judged_at) as judged_at, count(distinct gate) as gates,
        array_agg(distinct gate) filter (where not success and severity = 'critical') as stopped_at,
        count(*) filter (where not success and severity = 'critical') as critical,
        count(*) filter (where not success and severity = 'warning') as warnings
    from {tables.GATE_RESULTS}
    group by run_id, as_of_date order by max(judged_at) desc, run_id desc limit %s
"""  # noqa: S608 - our own names


def page_of(run_id: str, home: settings.Settings | None = None) -> Path:
    """The path of a run's gates page. It exists once one gate has judged the run."""
    return (home or settings.located()).reports / FOLDER / f"{run_id}.html"


def write(run_id: str, home: settings.Settings | None = None) -> Path:
    """Writes the page of a run's gates and the index, each whole or not at all; returns the page.

    Raises ClvError when no gate has judged the run.
    """
    home = home or settings.located()
    page = page_of(run_id, home)
    template = pages.environment().get_template("gates.html")
    # Hold the lock, because of two gates that finish at the same time only one might get into the index.
    with db.lock("gates' pages", roles.url(PUBLISHER)):
        found = facts(run_id)
        report = home.reports / found["as_of_date"].isoformat() / "index.html"
        pages.replace(page, template.render(found, has_report=report.exists()))
        _write_index(home)
    return page


def remove(run_ids: Iterable[str], home: settings.Settings) -> int:
    """Removes the pages of these runs and their links in the index; returns how many pages there were."""
    with db.lock("gates' pages", roles.url(PUBLISHER)):
        there = [page for page in (page_of(run_id, home) for run_id in run_ids) if page.exists()]
        for page in there:
            page.unlink()
        if there:
            _write_index(home)
    return len(there)


def _write_index(home: settings.Settings) -> None:
    runs = [row | {"has_page": page_of(row["run_id"], home).exists()} for row in _rows(_RUNS, LATEST)]
    index = pages.environment().get_template("gates_index.html")
    text = index.render(runs=runs, all_gates=len(publication.GATES))
    pages.replace(home.reports / FOLDER / "index.html", text)


def facts(run_id: str) -> dict[str, Any]:
    """The content of the page: `failed` lists the failed expectations, critical ones first; `gates` lists all
    expectations, in the order of the run."""
    rows = _rows(_RESULTS, run_id)
    if not rows:
        raise ClvError(f"no gate has judged the run {run_id}")
    for row in rows:  # jsonb does not keep the order of keys: show long values last
        row["examples"] = [dict(sorted(one.items(), key=lambda pair: len(str(pair[1])))) for one in row["examples"]]
    failed = [row for row in rows if not row["success"]]
    judged = [gate for gate in publication.GATES if any(row["gate"] == gate for row in rows)]
    return {
        "run_id": run_id,
        "as_of_date": rows[0]["as_of_date"],
        "judged_at": max(row["judged_at"] for row in rows),
        "failed": sorted(failed, key=lambda row: (SEVERITIES.index(row["severity"]), row["name"] != "has_rows")),
        "critical": sum(row["severity"] == "critical" for row in failed),
        "gates": [_gate(gate, [row for row in rows if row["gate"] == gate]) for gate in judged],
        "not_judged": [gate for gate in publication.GATES if gate not in judged],
        "expectations": len(rows),
    }


def _gate(name: str, rows: list[dict]) -> dict[str, Any]:
    by_table: dict[str, list[dict]] = {}
    for row in rows:
        by_table.setdefault(row["judged_table"], []).append(row)
    return {"name": name, "tables": by_table, "expectations": len(rows), "met": sum(row["success"] for row in rows)}


def _rows(query: str, *parameters: object) -> list[dict]:
    with db.connect(roles.url(PUBLISHER)) as connection, connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, parameters).fetchall()  # type: ignore[arg-type]
