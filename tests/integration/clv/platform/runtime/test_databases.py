"""Databases and roles on an existing server, for an owner who may create them and for one who may not."""

from __future__ import annotations

import secrets

import psycopg
import pytest

from clv.core import settings
from clv.core.errors import ClvError
from clv.platform.runtime import databases


def existing(server: str) -> set[str]:
    with psycopg.connect(f"{server}/postgres") as connection:
        return {name for (name,) in connection.execute("select datname from pg_database")}


def test_missing_databases_and_the_role_are_made_once(server, home):
    name = home.warehouse_url.rpartition("/")[2]
    databases.prepare(home)
    assert {f"{name}_airflow", f"{name}_mlflow"} <= existing(server)
    databases.prepare(home)


def test_the_analyst_cannot_connect_to_what_is_not_the_warehouse(server, home):
    databases.prepare(home)
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"alter role clv_analyst login password '{home.secret('analyst_password')}'")
    assert databases.prepare(home) == []
    psycopg.connect(home.analyst_url).close()
    for name in ("_airflow", "_mlflow"):
        with pytest.raises(psycopg.OperationalError, match="permission denied"):
            psycopg.connect(home.analyst_url + name)


def test_an_analyst_with_another_password_is_a_remark(server, home):
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute("alter role clv_analyst login password 'another'")
    assert databases.prepare(home) == [databases.other_password(home, "analyst")]


def test_without_the_right_the_error_is_the_sql_to_run(server, home, monkeypatch):
    owner, password = f"shop_{secrets.token_hex(4)}", secrets.token_hex(8)
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"create role {owner} login password '{password}'")
        connection.execute(f"create database {owner} owner {owner}")
    place = server.rpartition("@")[2]
    monkeypatch.setenv("CLV_WAREHOUSE_URL", f"postgresql://{owner}:{password}@{place}/{owner}")
    with pytest.raises(ClvError, match=f'create database "{owner}_airflow" owner "{owner}";'):
        databases.prepare(settings.load())


def test_an_older_server_is_refused(home, monkeypatch):
    monkeypatch.setattr(databases, "OLDEST_SERVER", 990000)
    with pytest.raises(ClvError, match="is PostgreSQL 18; version 99 or newer"):
        databases.prepare(home)


def test_a_warehouse_belongs_to_one_pseudonym_key(home):
    databases.claim_pseudonyms(home)
    databases.claim_pseudonyms(home)
    (home.secrets / "pseudonym_key").write_text("another")
    with pytest.raises(ClvError, match="is not the key this warehouse's customers were named with"):
        databases.claim_pseudonyms(home)
