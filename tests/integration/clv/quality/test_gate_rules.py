"""The rules that suites consist of, judged on a real PostgreSQL."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from pathlib import Path

import small_warehouse as small

from clv.core import settings
from clv.quality import runner
from clv.quality.results import GateFailed
from clv.quality.rules import Slice, Suite, between, complete, counted, never, never_where, newest_at_least, unique
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


def test_the_conditions_of_single_rows_and_columns_are_judged_in_one_pass(home: settings.Settings) -> None:
    small.execute(f"create sequence public.calls; grant usage on sequence public.calls to {roles.name('publisher')}")
    query = """SELECT n, date '2024-06-01' as day, calls.call
        from (select nextval('public.calls') as call) as calls, generate_series(1, 500) as n"""

    def passes(*conditions: str) -> int:
        """How many more queries have read the rows, of which each condition is an expectation."""

        def suites(_: Slice) -> list[Suite]:
            found = [
                never_where(f"found_{i}", "accuracy", "n, n::text as text", condition, "a number", severity="warning")
                for i, condition in enumerate(conditions)
            ]
            columns = [*complete("n", "day"), between("n", 1, 500), newest_at_least("new", "day", date(2024, 6, 1), "")]
            return [Suite("numbers", query, [counted(), *found, *columns])]

        before = db.rows("select last_value from public.calls where is_called")
        runner.judge("numbers", suites, date(2024, 6, 1), "2024-06-01.1", lambda _: Path("page"))
        return db.rows("select last_value from public.calls")[0][0] - (before[0][0] if before else 0)

    assert passes("n < 0", "n > 500 or n is null", "n::text like '5%:x'") == 1
    assert passes("n < 0", "n > 490", "nullif(n, 7) > 500", "n in (7, 8)") == 3  # and the rows of each that is found
    kept = "select expectation, unexpected_count, expected, examples from ops.gate_results where not success order by 1"
    assert db.rows(kept) == [
        ("numbers: found_1", 10, "no such row", [{"n": n, "text": str(n)} for n in (491, 492, 493)]),
        ("numbers: found_3", 2, "no such row", [{"n": n, "text": str(n)} for n in (7, 8)]),
    ]


def test_rows_are_counted_by_the_condition_even_if_no_example_is_found(home: settings.Settings) -> None:
    def suites(_: Slice) -> list[Suite]:
        found = never_where("found", "accuracy", "n", "n > 490", "a number", severity="warning")
        found.unexpected_rows_query = "select n from {batch} where false"  # type: ignore[attr-defined]
        return [Suite("numbers", "SELECT n from generate_series(1, 500) as n", [counted(), found])]

    facts = runner.judge("numbers", suites, date(2024, 6, 1), "2024-06-01.1", lambda _: Path("page"))
    assert facts["warnings"] == ["numbers: found"]
    kept = "select unexpected_count, examples from ops.gate_results where not success"
    assert db.rows(kept) == [(10, [])]


def test_a_key_of_the_table_vouches_for_unique_rows(home: settings.Settings) -> None:
    small.execute(
        f"""create table public.keyed (as_of_date date not null, run_id text not null, part text not null, n integer);
        insert into public.keyed select '2024-06-01', '2024-06-01.1', 'a', n from (values (1), (2), (2)) as v (n);
        grant select on public.keyed to {roles.name("publisher")}"""
    )

    def judged(query: str = "SELECT * from public.keyed where {}") -> tuple[bool, int]:
        """Whether the key vouched for the rows, and how many keys were found to be repeated."""
        day = date(2024, 6, 1)

        def suites(slice_: Slice) -> list[Suite]:
            return [Suite("public.keyed", query.format(slice_.where), [counted(), unique("part", "n")])]

        with suppress(GateFailed):
            facts = runner.judge("keys", suites, day, "2024-06-01.1", lambda _: Path("page"))
            return bool(facts["unique_by_key"]), 0
        return False, db.rows("select unexpected_count from ops.gate_results where not success")[0][0]

    def keyed(definition: str) -> None:
        small.execute(f"drop index if exists public.key; create unique index key on public.keyed {definition}")

    assert judged() == (False, 1)
    small.execute("delete from public.keyed where ctid = (select max(ctid) from public.keyed)")
    assert judged() == (False, 0)
    keyed("(as_of_date, run_id, part, n)")  # n may be null, and nulls repeat
    assert judged() == (False, 0)
    small.execute("alter table public.keyed alter n set not null")
    assert judged() == (True, 0)
    assert judged("SELECT * from public.keyed") == (False, 0)  # the rows of several runs may repeat
    keyed("(as_of_date, run_id, part, n) where n > 1")
    assert judged() == (False, 0)
    keyed("(as_of_date, run_id, (part || 'x'), n)")
    assert judged() == (False, 0)
    small.execute("alter table public.keyed add column other integer not null default 1")
    keyed("(as_of_date, run_id, part, n, other)")
    assert judged() == (False, 0)
    keyed("(n, part) include (other)")
    assert judged("SELECT * from public.keyed") == (True, 0)
