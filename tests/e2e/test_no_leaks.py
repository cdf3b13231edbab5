"""Checks that persons and secrets have not leaked, after backfills, a failed gate and visited pages.

The file's name makes it run after the tests whose home it searches.
"""

from __future__ import annotations

import canary
import pytest

pytestmark = pytest.mark.e2e


def test_the_planted_person_was_loaded(running, forward):
    """Without this, the searches below would also pass in a home that never received the planted person."""
    customers = running.rows("select email, name from pii.customers where customer_id = %s", (canary.EMAIL,))
    assert customers == [(canary.EMAIL, canary.NAME)]
    published = "select count(*) from analytics.customer_clv where customer_key = (%s)"
    key = running.rows("select customer_key from pii.customers where customer_id = %s", (canary.EMAIL,))[0][0]
    assert running.rows(published, (key,))[0][0] == 1
    query = """
        select distinct texts.raw_text like %s from quarantine.unreadable_rows
        join pii.unreadable_texts as texts using (batch_id, line) where reason like %s
    """
    assert running.rows(query, (f"%{canary.PHONE}%", f"%{canary.NAME}%")) == [(True,)]


def test_no_person_and_no_secret_is_in_any_file(running, forward):
    sought = {**canary.PERSON, **canary.secrets_of(running.settings)}
    searched = dict(canary.files(running.settings))
    parts = ["airflow/logs/dag_id=clv_daily", "dbt/", "logs/scheduler.log", "models/", "postgres/server.log"]
    parts += ["reports/gates/", f"reports/{list(forward)[-1]}/index.html", "state.json"]
    assert [part for part in parts if not any(name.startswith(part) for name in searched)] == []
    assert {name: found for name, content in searched.items() if (found := canary.found_in(content, sought))} == {}
    print(f"{len(searched)} files searched for {len(sought)} texts")


@pytest.mark.parametrize("database", ["warehouse", "airflow", "mlflow"])
def test_no_person_and_no_secret_is_in_a_database(running, forward, tmp_path, database):
    sought = {**canary.PERSON, **canary.secrets_of(running.settings)}
    but = [f"--exclude-table={table}" for table in canary.MAY_HOLD_HER] if database == "warehouse" else []
    dumped = canary.dump(running.settings, database, tmp_path / "dump.sql", *but)
    assert dumped.count(b"\nCOPY ") > 10
    assert canary.found_in(dumped, sought) == []
    print(f"{len(dumped):,} bytes of {database} searched")


def test_no_secret_is_in_the_received_rows(running, forward, tmp_path):
    tables = [f"--table={table}" for table in canary.MAY_HOLD_HER]
    dumped = canary.dump(running.settings, "warehouse", tmp_path / "dump.sql", *tables)
    assert canary.found_in(dumped, canary.PERSON) == list(canary.PERSON)
    assert canary.found_in(dumped, canary.secrets_of(running.settings)) == []


def test_no_person_and_no_secret_is_in_a_command_line_or_a_commands_output(running, forward):
    sought = {**canary.PERSON, **canary.secrets_of(running.settings)}
    lines = list(running.command_lines.seen)
    assert any(b"clv.platform.runtime.scheduler" in line for line in lines)
    assert [line for line in lines if canary.found_in(line, sought)] == []
    assert len(running.outputs) > 3
    assert [outputs for outputs in running.outputs if canary.found_in(outputs.encode(), sought)] == []
    print(f"{len(lines)} command lines, {len(running.outputs)} commands' output searched")
