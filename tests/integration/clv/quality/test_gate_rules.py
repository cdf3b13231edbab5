"""The rules that suites consist of, judged on a real PostgreSQL."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import small_warehouse as small

from clv.core import settings
from clv.quality import runner
from clv.quality.rules import Slice, Suite, counted, never
from clv.warehouse import db, roles


def test_a_query_runs_once_and_all_its_rows_are_counted(home: settings.Settings) -> None:
    small.execute(f"create sequence public.calls; grant usage on sequence public.calls to {roles.name('publisher')}")

    def suites(_: Slice) -> list[Suite]:
        query = "select n, calls from {batch} cross join (select nextval('public.calls') as calls) as c order by n"
        found = never("found", "accuracy", f"select n, calls from ({query}) as rows", "a number", severity="warning")
        return [Suite("numbers", "SELECT n from generate_series(1, 500) as n", [counted(), found])]

    facts = runner.judge("numbers", suites, date(2024, 6, 1), "2024-06-01.1", lambda _: Path("page"))
    assert facts["warnings"] == ["numbers: found"]
    kept = "select unexpected_count, observed, rows_judged, examples from ops.gate_results where not success"
    assert db.rows(kept) == [(500, "500", 500, [{"n": n, "calls": 1} for n in (1, 2, 3)])]
    assert db.rows("select last_value from public.calls") == [(1,)]
