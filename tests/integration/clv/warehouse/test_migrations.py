"""Migrations are applied once each, and bring a warehouse of any earlier version, with data, to the newest."""

from __future__ import annotations

import re
import secrets
import shutil
import subprocess
from pathlib import Path

import psycopg
import pytest

from clv.catalog import tables
from clv.platform.runtime import postgres
from clv.warehouse import db

MIGRATIONS = sorted(path.name for path in db.MIGRATIONS.glob("*.sql"))
# A value for each type, and for columns that allow only certain values.
BY_TYPE = {
    "text": "'x'",
    "uuid": "gen_random_uuid()",
    "date": "'2011-06-01'",
    "jsonb": "'{}'",
    "boolean": "false",
    "text[]": "'{}'",
    "bytea": "''",
}
GONE = {"ops.gate_documents"}  # the rows of ops.gate_results replaced this table
BY_COLUMN = {
    "status": "'scored'", "severity": "'critical'", "decision": "'accepted'", "batch_id": "1", "_batch_id": "1",
    "replay_of": "1", "state": "'sent'", "cap": "1", "receipt_of": "null",
}  # fmt: skip


def test_migrations_apply_once(home):
    assert db.migrate() == []
    assert db.rows("select name from ops.migrations order by name") == [(name,) for name in MIGRATIONS]


def test_a_received_row_is_loaded_or_unreadable(home):
    query = "select conname from pg_constraint where conrelid = 'raw.batches'::regclass and contype = 'c'"
    assert len(db.rows(query)) == 1


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS)), ids=MIGRATIONS[:-1])
def test_every_version_with_data_becomes_the_newest(server, home, version, tmp_path, monkeypatch):
    url = older(server, MIGRATIONS[:version], tmp_path, monkeypatch)
    before = fill(url)
    assert len(before) >= 11
    assert db.migrate(url) == MIGRATIONS[version:]
    for table in before.keys() - GONE:
        columns, rows = before[table]
        kept = ", ".join(columns)
        assert db.rows(f"select ({kept})::text from {table}", url=url) == rows, table
    assert structure(url) == structure(home.warehouse_url)


def test_published_runs_whose_rows_were_removed_earlier_say_so(server, monkeypatch, tmp_path):
    url = older(server, MIGRATIONS[: MIGRATIONS.index("0340_removed_publications.sql")], tmp_path, monkeypatch)
    with db.connect(url) as connection:
        connection.execute(
            """insert into analytics.publications (as_of_date, run_id, digest, rows_published)
            select date '2024-01-01', run_id, '', '{}' from unnest(array['gone', 'old', 'new']) as run_id"""
        )
        connection.execute(
            """insert into ops.removed_slices (run_id, table_name, rows_removed, removed_at)
            values ('gone', 'analytics_runs.customer_clv', 3, '2024-01-09 12:00+00'),
                ('old', 'features.customer_features', 3, now())"""
        )
    db.migrate(url)
    marked = db.rows("select run_id, removed_at::date::text from analytics.publications order by 1", url=url)
    assert marked == [("gone", "2024-01-09"), ("new", None), ("old", None)]


def test_order_numbers_that_were_made_of_customers_lose_the_id(server, monkeypatch, tmp_path):
    before = MIGRATIONS[: MIGRATIONS.index("0120_order_numbers.sql")]
    url = older(server, before, tmp_path, monkeypatch)
    key, hexed = "00000000-0000-4000-8000-00000000000a", "0000000000004000800000000000000a"
    made, own = "ann@x-2024-01-01-1", "ann@x-77"
    with db.connect(url) as connection:
        connection.execute("create schema if not exists analytics_runs")
        connection.execute("create table analytics_runs.fct_orders (customer_key uuid, order_key text)")
        connection.execute(
            "insert into pii.customers (customer_key, source, customer_id) values (%s, 'plain', 'ann@x')", (key,)
        )
        for number, (source, order_id) in enumerate([("plain", made), ("own", own), ("own", "78")], 1):
            connection.execute(
                """
                insert into raw.batches
                    (batch_id, source, file_name, content_sha256, mapping_sha256, currency, rows_received, rows_loaded,
                    rows_unreadable)
                overriding system value values (%s, %s, 'f', %s, 'm', 'EUR', 1, 1, 0)
                """,
                (number, source, f"{number}"),
            )
            connection.execute(
                """
                insert into raw.order_lines
                    (_batch_id, _line, _source, _row_key, _content, customer_key, order_id, refund_of, ordered_at,
                    amount)
                values (%s, 2, %s, %s || '|' || %s || '|t|1', gen_random_uuid(), %s, %s, %s, '2024-01-01', 1)
                """,
                (number, source, hexed, order_id, key, order_id, order_id),
            )
            connection.execute("insert into analytics_runs.fct_orders values (%s, %s)", (key, f"{source}:{order_id}"))
    db.migrate(url)
    query = "select order_id, refund_of, _row_key from raw.order_lines order by _batch_id"
    named = f"{hexed}-2024-01-01-1"
    expected = [named, own, "78"]
    assert db.rows(query, url=url) == [(one, one, f"{hexed}|{one}|t|1") for one in expected]
    query = f"select order_key from {tables.ORDERS_OF_EARLIER_RUNS} order by 1"
    assert db.rows(query, url=url) == [("own:78",), (f"own:{own}",), (f"plain:{named}",)]


def test_a_record_and_its_refund_have_different_keys(server, monkeypatch, tmp_path):
    url = older(server, MIGRATIONS[: MIGRATIONS.index("0130_entries.sql")], tmp_path, monkeypatch)
    rows = [  # batch, line, key, rule, amount
        (1, 2, "o1|1|refund", None, -30),
        (1, 2, "o1|1", None, 80),
        (1, 3, "erased|1|3", "erased", None),
        (1, 3, "erased|1|3", "erased", None),
        (1, 4, "o2|1", None, -5),
        (2, 2, "o1|1", None, 80),
    ]
    with db.connect(url) as connection:
        for batch, line, key, rule, amount in rows:
            connection.execute(
                "insert into raw.order_lines (_batch_id, _line, _source, _row_key, _content, _rule, amount) "
                "values (%s, %s, 's', %s, gen_random_uuid(), %s, %s)",
                (batch, line, key, rule, amount),
            )
    db.migrate(url)
    query = "select _batch_id, _line, _entry, amount from raw.order_lines order by 1, 2, 3"
    assert db.rows(query, url=url) == [
        (1, 2, 0, 80), (1, 2, 1, -30), (1, 3, 0, None), (1, 3, 1, None), (1, 4, 0, -5), (2, 2, 0, 80),
    ]  # fmt: skip


def older(server: str, names: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of a new database with only these migrations."""
    database = f"version_{secrets.token_hex(4)}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"create database {database}")  # type: ignore[arg-type]
    url = f"{server}/{database}"
    with monkeypatch.context() as patch:
        for name in names:
            shutil.copy(db.MIGRATIONS / name, folder / name)
        patch.setattr(db, "MIGRATIONS", folder)
        assert db.migrate(url) == names
    return url


def fill(url: str) -> dict[str, tuple[list[str], list[tuple]]]:
    """Inserts a row into each table; returns the tables' columns and rows as text."""
    tables = db.rows(
        """
        select oid::regclass::text from pg_class
        where relkind in ('r', 'p') and relnamespace::regnamespace::text !~ '^(pg_|information_schema)'
        order by pg_class.oid
        """,
        url=url,
    )
    found = {}
    with db.connect(url) as connection:
        for (table,) in tables:
            if table == "ops.migrations":
                continue
            columns = connection.execute(
                """
                select attname, format_type(atttypid, null) from pg_attribute
                where attrelid = %s::regclass and attnum > 0 and not attisdropped and attidentity = ''
                    and attgenerated = ''
                """,
                (table,),
            ).fetchall()
            names = [name for name, _ in columns]
            values = [BY_COLUMN.get(name) or BY_TYPE.get(kind) or value_of(kind) for name, kind in columns]
            connection.execute(f"insert into {table} ({', '.join(names)}) values ({', '.join(values)})")  # type: ignore[arg-type]
            rows = connection.execute(f"select ({', '.join(names)})::text from {table}").fetchall()  # type: ignore[arg-type]
            found[table] = names, rows
    return found


def value_of(kind: str) -> str:
    return "'2011-06-01 12:00'" if kind.startswith("timestamp") else "0.5" if kind == "double precision" else "0"


def structure(url: str) -> str:
    """Everything that a dump contains of a database apart from rows: columns, keys, checks, indexes, comments,
    grants."""
    shown = subprocess.run(
        [str(postgres.BIN / "pg_dump"), "--schema-only", f"--dbname={url}"], capture_output=True, text=True, check=True
    ).stdout
    assert shown.count("CREATE TABLE") >= 14
    assert "GRANT SELECT ON TABLE analytics.publications TO clv_analyst" in shown
    return re.sub(r"^\\(un)?restrict .*$", "", shown, flags=re.MULTILINE)
