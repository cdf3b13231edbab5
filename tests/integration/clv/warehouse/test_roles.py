"""Each role can do its part and nothing else, on a server whose owner is not a superuser."""

from __future__ import annotations

import re
import secrets
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import psutil
import psycopg
import pytest
import small_warehouse as small
import sqlalchemy
from psycopg.types.json import Jsonb
from role_rights import (
    ACTS,
    MAY_CREATE,
    OWNER,
    ROLES,
    TAKES,
    acts,
    done,
    may,
    tables_of,
)

from clv import sources
from clv.catalog import tables
from clv.core import settings
from clv.core.errors import ClvError
from clv.pipeline import daily, steps, upkeep
from clv.platform.runtime import databases, postgres, set_up_warehouse, stack
from clv.warehouse import db, publication, registry, roles, runs
from clv.warehouse.roles import LOADER, MODELLER, TRANSFORMER

AS_OF = date(2024, 6, 1)


@dataclass
class Shop:
    """A home whose database is owned by a role that is not a superuser, and one run of its pipeline."""

    home: settings.Settings
    admin: str  # the URL of the warehouse as the server's superuser
    log: Path
    run_id: str
    users: dict[str, set[str]]  # the roles that connected during each step
    commands: set[str]  # the command lines that were seen during the run


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("roles")
    data, password = folder / "postgres", secrets.token_urlsafe(16)
    postgres.initialise(data, password)
    with (data / "postgresql.conf").open("a") as file:
        file.write("log_connections = on\nlog_statement = 'ddl'\n")
    port = postgres.free_port()
    postgres.start(data, port)
    place = f"127.0.0.1:{port}"
    try:
        with psycopg.connect(f"postgresql://clv_owner:{password}@{place}/postgres", autocommit=True) as connection:
            connection.execute(f"create role {OWNER} login createdb createrole password '{password}'")  # type: ignore[arg-type]
            connection.execute(f"create database shop owner {OWNER}")  # type: ignore[arg-type]
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("CLV_HOME", str(folder / "home"))
            patch.setenv("CLV_WAREHOUSE_URL", f"postgresql://{OWNER}:{password}@{place}/shop")
            yield opened(settings.load(), f"postgresql://clv_owner:{password}@{place}/shop", data / "server.log")
    finally:
        postgres.stop(data)


def opened(home: settings.Settings, admin: str, log: Path) -> Shop:
    stack.make_folders(home)
    stack.make_secrets(home)
    assert databases.prepare(home) == []
    set_up_warehouse.run(home)
    registry.setup(home)
    (home.landing / "orders").mkdir()
    lines = [f"c{n % 9},{n},2024-0{n % 5 + 1}-10,{n}.50,c{n % 9}@shop.test" for n in range(60)]
    text = "\n".join(["customer_id,order_id,ordered_at,amount,email", *lines, "c1,61,yesterday,5,"])
    (home.landing / "orders" / "orders.csv").write_text(text)
    found = Shop(home, admin, log, daily.open_run(AS_OF, "test"), {}, set())
    facts: dict[str, dict] = {}
    with watching(found.commands):
        for step in (declared.name for declared in steps.daily()):
            seen = len(log.read_text())
            options = {"model": facts["train"]} if step == "score" else {}
            facts[step] = daily.take(step, AS_OF, found.run_id, **options)
            lines = [line for line in log.read_text()[seen:].splitlines() if "connection authorized" in line]
            found.users[step] = {line.partition("user=")[2].split()[0] for line in lines}
    return found


@contextmanager
def watching(commands: set[str]) -> Iterator[None]:
    """Collects the command lines of this process' children and of the server's processes while the context is open."""
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            for process in psutil.process_iter(["cmdline"]):
                commands.add(" ".join(process.info["cmdline"] or []))
            time.sleep(0.3)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_each_step_connects_as_its_role(shop: Shop) -> None:
    expected = {step: {roles.name(role) for role in TAKES.get(step, ())} for step in shop.users}
    assert shop.users == {step: {*users, "clv_publisher"} for step, users in expected.items()}
    published = publication.current(AS_OF)
    assert published is not None
    assert (published.run_id, published.published_by) == (shop.run_id, "clv_publisher")
    assert db.rows("select count(*) from analytics.customer_clv", url=shop.home.analyst_url) == [(9,)]


def test_commands_connect_as_their_role(shop: Shop) -> None:
    seen = len(shop.log.read_text())
    sources.withdraw(1, "wrong file", shop.home)
    sources.restore(1, shop.home)
    sources.replay(shop.home, source="orders")
    publication.publish(AS_OF, shop.run_id)
    log = shop.log.read_text()[seen:]
    assert "user=clv_loader" in log
    assert f"user={OWNER}" not in log


def test_the_owner_removes_what_the_transformer_made(shop: Shop) -> None:
    run_id = runs.open_run(AS_OF, "superseded")
    with db.connect(shop.home.url_as(TRANSFORMER)) as connection:
        connection.execute(
            f"insert into {tables.CUSTOMER_FEATURES} select (jsonb_populate_record(f, %s)).*"
            f" from {tables.CUSTOMER_FEATURES} as f limit 2",
            (Jsonb({"run_id": run_id}),),
        )
    assert upkeep.run(today=date(2100, 1, 1))["rows"][tables.CUSTOMER_FEATURES] == 2


def test_every_right_is_there_and_no_other(shop: Shop) -> None:
    there = tables_of(shop.home.warehouse_url)
    assert len(there) >= 38
    wrong, tried = [], 0
    for role in ROLES:
        with psycopg.connect(shop.home.url_as(role)) as connection:
            for table, (kind, column) in there.items():
                for act, statement in acts(table, kind, column).items():
                    tried += 1
                    if done(connection, statement) != (act in may(role, table)):
                        wrong.append(f"{role}: {statement}")
            for schema in {table.partition(".")[0] for table in there}:
                tried += 1
                if done(connection, f"create table {schema}.mine ()") != (schema in MAY_CREATE.get(role, ())):
                    wrong.append(f"{role}: create in {schema}")
            for statement, allowed in ACTS.items():
                tried += 1
                if done(connection, statement) != (role in allowed):
                    wrong.append(f"{role}: {statement}")
    assert wrong == []
    print(f"{tried} acts")


def test_the_registry_is_the_modellers_to_fill_and_the_owners_to_change(shop: Shop) -> None:
    with psycopg.connect(shop.home.url_as(MODELLER, "mlflow")) as connection:
        for act in ("insert into tags values ('a', 'b', null)", "delete from registered_models where false"):
            assert done(connection, act)
        for act in ("drop table registered_models", "create table mine ()"):
            assert not done(connection, act)
    for role in ROLES:
        alone = psycopg.connect(shop.home.url_as(role), autocommit=True)
        with alone, pytest.raises(psycopg.errors.InsufficientPrivilege):
            alone.execute("create database mine")
        for beside in ("airflow", "mlflow"):
            if (role, beside) != (MODELLER, "mlflow"):
                with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
                    psycopg.connect(shop.home.url_as(role, beside))


def test_passwords_are_kept_as_scram_and_shown_nowhere(shop: Shop) -> None:
    with psycopg.connect(shop.admin) as connection:
        query = "select rolname, rolpassword from pg_authid where rolname ~ '^clv_'"
        kept = dict(connection.execute(query).fetchall())
    assert set(kept) == {"clv_owner", *map(roles.name, ROLES)}
    assert all(verifier.startswith("SCRAM-SHA-256$") for verifier in kept.values())
    known = [shop.home.secret(name) for name in stack.SECRETS]
    known.append(shop.home.warehouse_url.partition(f"{OWNER}:")[2].partition("@")[0])
    log = shop.log.read_text()
    assert "create role" in log.lower()  # the log contains statements
    assert [word for word in known[:-1] if word in log] == []
    commands = "\n".join(shop.commands)
    assert "clv_publisher shop" in commands  # the server logs who connects
    assert [word for word in known if word in commands] == []


def test_what_was_made_before_there_were_roles_is_handed_over(shop: Shop, tmp_path: Path, monkeypatch) -> None:
    with psycopg.connect(shop.home.warehouse_url, autocommit=True) as connection:
        connection.execute("create database older")
    url = shop.home.warehouse_url.rpartition("/")[0] + "/older"
    monkeypatch.setenv("CLV_WAREHOUSE_URL", url)
    with monkeypatch.context() as patch:
        for path in db.MIGRATIONS.glob("00[0-7]*.sql"):
            shutil.copy(path, tmp_path)
        patch.setattr(db, "MIGRATIONS", tmp_path)
        db.migrate()
        small.execute("insert into ops.settings values ('currency', 'GBP'), ('built_staging', 'x')")
        small.execute(small.STAGING + small.FEATURES + small.ANALYTICS)
        small.execute("create view analytics.customer_clv as select * from analytics_runs.customer_clv")
        small.execute("grant select on analytics.customer_clv to clv_analyst")
    db.migrate()
    assert db.rows("select name from ops.settings") == [("currency",)]
    assert db.rows("select name, value from ops.builds") == [("built_staging", "x")]
    for role in ROLES:
        with psycopg.connect(settings.load().url_as(role)) as connection:
            for table, (kind, column) in tables_of(url).items():
                for act, statement in acts(table, kind, column).items():
                    assert done(connection, statement) == (act in may(role, table)), f"{role}: {statement}"


def test_the_analyst_finds_tables_without_their_schema_and_nobodys_in_their_place(shop: Shop) -> None:
    def found() -> tuple:
        with psycopg.connect(shop.home.analyst_url) as connection:
            connection.execute("create temporary table customer_clv (mine int)")
            name = connection.execute("select 'customer_clv'::regclass::oid::regclass::text").fetchall()[0][0]
            path = connection.execute("select current_schemas(true)::text[]").fetchall()[0][0]
            columns = [
                column.name for column in connection.execute("select * from customer_clv limit 0").description or ()
            ]
            return name, [part for part in path if not part.startswith("pg_temp")], "customer_key" in columns

    assert found() == ("customer_clv", ["pg_catalog", "analytics"], True)
    with psycopg.connect(shop.admin, autocommit=True) as connection:
        connection.execute("alter role clv_analyst in database shop reset search_path")
        connection.execute(f"revoke clv_analyst from {OWNER}")  # as if another home had created the role
        databases.open_analytics(shop.home)
        connection.execute(f"grant clv_analyst to {OWNER} with admin option")
    assert found() == ("customer_clv", ["pg_catalog", "analytics"], True)


def test_a_bi_tool_connects_and_joins_as_documented(shop: Shop) -> None:
    guide = (settings.PROJECT / "docs" / "bi.md").read_text()
    queries = re.findall(r"```sql\n(.*?)```", guide, flags=re.DOTALL)
    assert len(queries) >= 5
    url = shop.home.analyst_url.replace("postgresql://", "postgresql+psycopg2://") + "?sslmode=prefer"
    with sqlalchemy.create_engine(url).connect() as connection:
        answers = [connection.execute(sqlalchemy.text(query)).fetchall() for query in queries]
        whole = "select (select sum(historic_revenue) from customer_clv), (select count(*) from customer_clv)"
        revenue, customers = connection.execute(sqlalchemy.text(whole)).one()
    by_segment, by_category, by_day, by_date, _ = answers  # nobody has a forecast here, so there are no reasons
    assert sum(row[2] for row in by_segment) == sum(row[2] for row in by_category) == revenue
    assert len(by_day) == 90
    assert [tuple(row)[:2] for row in by_date] == [(AS_OF, customers)]


def test_without_the_right_to_make_roles_the_error_is_what_to_run(shop: Shop, monkeypatch) -> None:
    with psycopg.connect(shop.admin, autocommit=True) as connection:
        connection.execute("create role plain login createdb password 'plain'")
        connection.execute("create database plain owner plain")
    place = shop.admin.partition("@")[2].partition("/")[0]
    monkeypatch.setenv("CLV_WAREHOUSE_URL", f"postgresql://plain:plain@{place}/plain")
    with pytest.raises(ClvError) as raised:
        databases.prepare(settings.load())
    assert str(raised.value) == (
        'plain may not create the pipeline\'s roles; have an administrator run: grant clv_transformer to "plain";'
    )
    (shop.home.secrets / "stranger_password").write_text("stranger")
    monkeypatch.setattr(databases, "ROLES", (LOADER, "stranger"))
    with pytest.raises(ClvError, match=r"create role clv_stranger login password '…'; .*/secrets/stranger_password$"):
        databases.prepare(settings.load())


def test_a_role_with_another_password_is_named_with_the_file_to_correct(shop: Shop) -> None:
    path = shop.home.secrets / "loader_password"
    held = path.read_text()
    path.write_text("another")
    try:
        with pytest.raises(ClvError) as raised:
            databases.prepare(shop.home)
        assert str(raised.value) == databases.other_password(shop.home, LOADER)
    finally:
        path.write_text(held)
    assert databases.prepare(shop.home) == []
