"""Checks that persons and secrets have not leaked, after backfills, a failed gate and visited pages.

The file's name makes it run after the tests whose home it searches.
"""

from __future__ import annotations

import canary
import pytest
import yaml

from clv.warehouse import db

pytestmark = pytest.mark.e2e


DESTINATIONS = {"crm": ["email"], "audience": ["email_sha256", "customer_id"]}


def her_key(running):
    """The key of the planted person."""
    return running.rows("select customer_key from pii.customers where customer_id = %s", (canary.EMAIL,))[0][0]


def test_the_planted_person_was_loaded(running, forward):
    """Without this, the searches below would also pass in a home that never received the planted person."""
    customers = running.rows("select email, name from pii.customers where customer_id = %s", (canary.EMAIL,))
    assert customers == [(canary.EMAIL, canary.NAME)]
    published = "select count(*) from analytics.customer_clv where customer_key = (%s)"
    assert running.rows(published, (her_key(running),))[0][0] == 1
    query = """
        select distinct texts.raw_text like %s from quarantine.unreadable_rows
        join pii.unreadable_texts as texts using (batch_id, line) where reason like %s
    """
    assert running.rows(query, (f"%{canary.PHONE}%", f"%{canary.NAME}%")) == [(True,)]


def test_exports_that_name_her_are_made(running, forward):
    day, key = list(forward)[-1], her_key(running)
    run_id = running.published()[day][0]
    with db.connect(running.settings.warehouse_url) as connection:
        connection.execute(
            """insert into analytics_runs.list_summary (as_of_date, run_id, list_name, title, priority, rule, channel,
                action, holdout_share, needs_approval, currency, customers, customers_to_act_on, customers_held_out)
            values (%s, %s, 'canary', 'Canary', 99, 'true', 'canary', 'write', 0, true, 'EUR', 1, 1, 0)""",
            (day, run_id),
        )
        connection.execute(
            """insert into analytics_runs.list_members (as_of_date, run_id, list_name, customer_key, place, channel,
                action, reason, arm) values (%s, %s, 'canary', %s, 1, 'canary', 'write', 'planted', 'act')""",
            (day, run_id, key),
        )
    running.clv("approve", "canary", "--as-of", day, "--by", "me")
    (running.folder / "destinations").mkdir(exist_ok=True)
    for name, columns in DESTINATIONS.items():
        (running.folder / "destinations" / f"{name}.yml").write_text(yaml.safe_dump({"to": "file", "columns": columns}))
        running.clv("export", "canary", "--to", name, "--as-of", day)
    assert running.rows("select count(*) from ops.exports where state = 'sent' and customer_key = %s", (key,)) == [(2,)]


def test_no_person_and_no_secret_is_in_any_file(running, forward):
    """She is in the exported files, by the columns that their destinations name, and in no other."""
    sought, last = {**canary.EXPORTED, **canary.secrets_of(running.settings)}, list(forward)[-1]
    searched = dict(canary.files(running.settings))
    parts = ["airflow/logs/dag_id=clv_daily", "dbt/", "logs/scheduler.log", "models/", "postgres/server.log"]
    parts += ["reports/gates/", f"reports/{last}/index.html", "state.json"]
    assert [part for part in parts if not any(name.startswith(part) for name in searched)] == []
    assert {name: found for name, content in searched.items() if (found := canary.found_in(content, sought))} == {
        f"exports/crm/canary-{last}.csv": ["e-mail"],
        f"exports/audience/canary-{last}.csv": ["e-mail", "hashed e-mail"],
    }
    print(f"{len(searched)} files searched for {len(sought)} texts")


@pytest.mark.parametrize("database", ["warehouse", "airflow", "mlflow"])
def test_no_person_and_no_secret_is_in_a_database(running, forward, tmp_path, database):
    sought = {**canary.EXPORTED, **canary.secrets_of(running.settings)}
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
    sought = {**canary.EXPORTED, **canary.secrets_of(running.settings)}
    lines = list(running.command_lines.seen)
    assert any(b"clv.platform.runtime.scheduler" in line for line in lines)
    assert [line for line in lines if canary.found_in(line, sought)] == []
    assert len(running.outputs) > 3
    assert [outputs for outputs in running.outputs if canary.found_in(outputs.encode(), sought)] == []
    print(f"{len(lines)} command lines, {len(running.outputs)} commands' output searched")


def test_she_is_gone_once_she_is_erased(running, forward, tmp_path):
    """The last test here, since it removes her."""
    done = running.clv("erase", "--email", canary.EMAIL, "--yes")
    assert [
        name for name in DESTINATIONS if f"list canary of {list(forward)[-1]} went to {name}" not in done.stdout
    ] == []
    searched = canary.files(running.settings)
    assert {name: found for name, content in searched if (found := canary.found_in(content, canary.EXPORTED))} == {}
    hers = {name: canary.EXPORTED[name] for name in ("e-mail", "hashed e-mail")}
    assert canary.found_in(canary.dump(running.settings, "warehouse", tmp_path / "dump.sql"), hers) == []
