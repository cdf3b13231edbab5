"""A backup restores the same home elsewhere. Folders that are no backup, and homes that are not empty, are refused in
one line."""

from __future__ import annotations

import json
import secrets
import stat
import threading
from datetime import date
from pathlib import Path

import psycopg
import pytest
import raw_rows
import small_warehouse as small

from clv import sources
from clv.catalog import published
from clv.core import settings
from clv.core.errors import ClvError
from clv.platform import backup
from clv.platform.runtime import databases, postgres, stack
from clv.reporting import analyst
from clv.warehouse import db, publication, registry, runs

DAY = date.fromisoformat(small.AS_OF)
HEADER = "customer_id,order_id,ordered_at,amount\n"


@pytest.fixture
def shop(home: settings.Settings) -> settings.Settings:
    """A home with received orders, one batch of them withdrawn, and two dates published."""
    small.make_tables()
    small.make_views()
    small.let_analyst_in(home)
    databases.prepare(home)
    databases.claim_pseudonyms(home)
    (home.home / "shop.json").write_text('{"gross_margin": 0.4}')
    (home.home / "sources").mkdir()
    (home.home / "sources" / "ours.yml").write_text("# the shop's own\n")
    for name in ("first", "second"):
        load(home, name, f"anna,{name},2011-01-03 10:00,10.00\nbert,{name}-2,2011-02-03 10:00,not money\n")
    sources.withdraw(2, "wrong file", home)
    for day in ("2011-05-01", small.AS_OF):
        publication.publish(date.fromisoformat(day), small.ready_run(day))
    return home


def load(home: settings.Settings, name: str, lines: str) -> sources.BatchResult:
    path = home.home / f"{name}.csv"
    path.write_text(HEADER + lines)
    return sources.load("orders", path, home)[0]


def empty_home(server: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> settings.Settings:
    """A home that does not exist yet, with an empty database; later calls use this home."""
    database = f"restored_{secrets.token_hex(4)}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"create database {database}")  # type: ignore[arg-type]
    monkeypatch.setenv("CLV_HOME", str(folder))
    monkeypatch.setenv("CLV_WAREHOUSE_URL", f"{server}/{database}")
    return settings.load()


def everything() -> dict[str, tuple]:
    """Every table and view of the warehouse: its number of rows, and a digest of them."""
    names = db.rows(
        "select format('%I.%I', table_schema, table_name) from information_schema.tables "
        "where table_schema not in ('pg_catalog', 'information_schema') order by 1"
    )
    return {
        name: db.rows(f"select count(*), sum(hashtextextended(r::text, 0)::numeric) from {name} as r")[0]
        for (name,) in names
    }


def changed(folder: Path, **values: object) -> None:
    """Changes an entry of backup.json."""
    path = folder / "backup.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def test_an_empty_home_becomes_the_one_that_was_saved(server, shop, tmp_path, monkeypatch):
    before, key = everything(), shop.secret("pseudonym_key")
    digests = [(one.run_id, one.digest) for one in publication.history()]
    anna = db.rows("select customer_key from pii.customers where customer_id = 'anna'")
    kept, remarks = backup.backup(tmp_path / "saved", shop)
    assert remarks == []
    assert kept["published"] == {
        "as_of_date": small.AS_OF, "run_id": digests[0][0], "digest": digests[0][1],
        "tables": sorted(published.tables()),
    }  # fmt: skip

    # Earlier versions made digests by another definition.
    earlier = publication.digest(date.fromisoformat(small.AS_OF), digests[0][0], like="")
    changed(tmp_path / "saved", published={**kept["published"], "digest": earlier})
    new = empty_home(server, tmp_path / "new", monkeypatch)
    backup.restore(tmp_path / "saved", new)
    new = settings.load()
    assert everything() == before
    for run_id, digest in digests:
        assert publication.digest(date.fromisoformat(run_id.partition(".")[0]), run_id) == digest
    assert db.migrate() == []
    assert new.secret("pseudonym_key") == key
    assert new.shop.gross_margin == 0.4
    assert (new.home / "sources" / "ours.yml").read_text() == "# the shop's own\n"

    # Analysts can read, and the numbers of batches, runs and publications continue after the last saved ones.
    assert analyst.fetch("select count(*) from analytics.customer_clv", new)[1] == [(3,)]
    assert (
        load(new, "first", "anna,first,2011-01-03 10:00,10.00\nbert,first-2,2011-02-03 10:00,not money\n").batch_id == 1
    )
    assert load(new, "third", "anna,third,2011-03-03 10:00,12.00\n").batch_id == 3
    assert db.rows("select customer_key from raw.order_lines where order_id = 'third'") == anna
    sources.restore(2, new)
    again = runs.open_run(DAY, "test")
    assert again == "2011-06-01.2"
    small.make_slice(again)
    small.judge_all(again)
    publication.publish(DAY, again)
    assert publication.history()[0].publication_id == 3


def test_a_backup_of_before_a_table_was_published_is_restored(server, shop, tmp_path, monkeypatch):
    with monkeypatch.context() as earlier:
        known = {name: table for name, table in published.tables().items() if name != "personas"}
        earlier.setattr(published, "tables", lambda: known)
        small.execute("drop table analytics_runs.personas cascade")
        kept, _ = backup.backup(tmp_path / "saved", shop)
    del kept["published"]["tables"]  # earlier versions did not list the tables either
    changed(tmp_path / "saved", published=kept["published"])
    backup.restore(tmp_path / "saved", empty_home(server, tmp_path / "new", monkeypatch))
    assert analyst.fetch("select count(*) from analytics.customer_clv", settings.load())[1] == [(3,)]


def test_a_backup_is_its_owners_alone_and_replaces_nothing(shop, tmp_path):
    folder = tmp_path / "deep" / "saved"
    backup.backup(folder, shop)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {path.name for path in folder.iterdir()} == {"backup.json", "warehouse.dump", "registry.dump", "home.tar"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    with pytest.raises(ClvError, match="saved exists already; name a new folder"):
        backup.backup(folder, shop)
    assert list(folder.parent.iterdir()) == [folder]


def test_no_password_is_on_a_command_line(tmp_path, monkeypatch):
    program = tmp_path / "pg_dump"
    program.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/arguments\necho "$PGPASSWORD" > {tmp_path}/kept\n')
    program.chmod(0o700)
    monkeypatch.setattr(postgres, "BIN", tmp_path)
    postgres.client("pg_dump", "postgresql://me:top%40secret@here:1/shop?sslmode=require", "--format=custom")
    arguments = (tmp_path / "arguments").read_text()
    assert "dbname=shop" in arguments
    assert "sslmode=require" in arguments
    assert "secret" not in arguments
    assert (tmp_path / "kept").read_text() == "top@secret\n"


def test_a_backup_that_fails_leaves_nothing(shop, tmp_path, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backup, "_save_files", full)
    with pytest.raises(ClvError, match=r"saved cannot be written \(No space left on device\)"):
        backup.backup(tmp_path / "here" / "saved", shop)
    assert list((tmp_path / "here").iterdir()) == []


def test_a_backup_beside_publishers_and_loads_is_of_one_moment(server, shop, tmp_path, monkeypatch):
    known = [small.ready_run(factor=2), small.ready_run(factor=3)]
    over, published = threading.Event(), []

    def work() -> None:
        while not over.is_set():
            published.append(publication.publish(DAY, known[len(published) % 2])["published"])
            raw_rows.deliver([raw_rows.line(f"n{len(published)}", "2011-01-03 10:00", 10)] * 20)

    worker = threading.Thread(target=work)
    worker.start()
    try:
        before = len(published)
        kept, _ = backup.backup(tmp_path / "saved", shop)
        beside = len(published) - before
    finally:
        over.set()
        worker.join()
    assert beside > 1
    new = empty_home(server, tmp_path / "new", monkeypatch)
    backup.restore(tmp_path / "saved", new)
    current = publication.current()
    assert (current.run_id, current.digest) == (kept["published"]["run_id"], kept["published"]["digest"])  # type: ignore[union-attr]
    loaded, lines = db.rows(
        "select (select sum(rows_loaded) from raw.batches), (select count(*) from raw.order_lines)"
    )[0]
    assert loaded == lines > 0


def test_what_is_damaged_or_of_a_newer_version_is_refused(server, shop, tmp_path, monkeypatch):
    saved = tmp_path / "saved"
    backup.backup(saved, shop)
    new = empty_home(server, tmp_path / "new", monkeypatch)
    good = (saved / "backup.json").read_text()

    def refused(says: str) -> None:
        with pytest.raises(ClvError, match=says) as raised:
            backup.restore(saved, settings.load())
        assert "\n" not in str(raised.value)
        assert db.rows("select to_regnamespace('raw')") == [(None,)]
        (saved / "backup.json").write_text(good)

    changed(saved, format=2)
    refused(r"made by a newer version \(format 2 is unknown here\); update")
    changed(saved, migrations=["0001_schemas.sql", "9999_later.sql"])
    refused("migration 9999_later.sql is unknown here")
    assert not new.home.exists()
    changed(saved, postgresql=99)
    refused("backup is of PostgreSQL 99, but .* is 18; restore into version 99 or newer")
    (saved / "backup.json").write_text("nonsense")
    refused("is not a backup")
    changed(saved, published={**json.loads(good)["published"], "digest": "another"})
    with pytest.raises(ClvError, match="are not those of the backup"):
        backup.restore(saved, settings.load())
    (saved / "warehouse.dump").write_bytes((saved / "warehouse.dump").read_bytes()[:-1])
    with pytest.raises(ClvError, match="warehouse.dump has changed since it was saved"):
        backup.restore(saved, settings.load())


def test_a_home_that_holds_something_is_left_as_it_is(server, shop, tmp_path, monkeypatch):
    backup.backup(tmp_path / "saved", shop)
    before = everything()
    with pytest.raises(ClvError, match="holds data already; restore into an empty one"):
        backup.restore(tmp_path / "saved", shop)
    assert everything() == before
    assert settings.load().state.get("restoring") is None
    new = empty_home(server, tmp_path / "new", monkeypatch)
    new.secrets.mkdir(parents=True)
    (new.secrets / "pseudonym_key").write_text("another")
    with pytest.raises(ClvError, match="pseudonym_key differs from the file in the backup"):
        backup.restore(tmp_path / "saved", new)
    assert new.secret("pseudonym_key") == "another"
    with pytest.raises(ClvError, match="there is no warehouse in .*set CLV_HOME to the home to back up"):
        backup.backup(tmp_path / "other", settings.load(tmp_path / "nowhere"))


def test_an_interrupted_restore_is_finished_and_the_home_not_started(server, shop, tmp_path, monkeypatch):
    before = everything()
    backup.backup(tmp_path / "saved", shop)
    new = empty_home(server, tmp_path / "new", monkeypatch)
    whole = backup._load

    def cut_short(url: str, path: Path, *options: str) -> None:
        if path.name == "warehouse.dump":
            raise KeyboardInterrupt
        whole(url, path, *options)

    with monkeypatch.context() as patch:
        patch.setattr(backup, "_load", cut_short)
        with pytest.raises(KeyboardInterrupt):
            backup.restore(tmp_path / "saved", new)
    with pytest.raises(ClvError, match="was interrupted; finish it: clv restore --backup .*saved"):
        stack.up(settings.load())
    backup.restore(tmp_path / "saved", settings.load())
    assert everything() == before
    assert settings.load().state.get("restoring") is None


def test_a_home_with_its_own_database_is_restored_with_its_models(tmp_path, monkeypatch):
    monkeypatch.delenv("CLV_WAREHOUSE_URL", raising=False)
    monkeypatch.setenv("CLV_HOME", str(tmp_path / "old"))
    files = tmp_path / "trained"
    files.mkdir()
    (files / "weights.json").write_text("[1, 2, 3]")
    with stack.database(settings.load()) as old:
        db.migrate()
        databases.claim_pseudonyms(old)
        registry.setup(old)
        model = registry.register(files, DAY, "0123456789abcdef", False, {"trees": 3}, {"gini": 0.5}, old)
        load(old, "first", "anna,1,2011-01-03 10:00,10.00\n")
        before = everything()
    backup.backup(tmp_path / "saved", settings.load())
    (tmp_path / "old").rename(tmp_path / "gone")

    monkeypatch.setenv("CLV_HOME", str(tmp_path / "new"))
    backup.restore(tmp_path / "saved", settings.load())
    assert not postgres.running(tmp_path / "new" / "postgres")
    with stack.database(settings.load()) as new:
        assert everything() == before
        found = registry.find(DAY, "0123456789abcdef", new)
        assert found == model
        registry.setup(new)
        assert (registry.files(model.model_version, new) / "weights.json").read_text() == "[1, 2, 3]"
        assert registry.register(files, DAY, "fedcba9876543210", False, {}, {}, new).number == model.number + 1
        assert load(new, "second", "anna,2,2011-01-04 10:00,10.00\n").batch_id == 2
    with pytest.raises(ClvError, match="holds a warehouse already"):
        backup.restore(tmp_path / "saved", settings.load())
    with pytest.raises(ClvError, match="there is no warehouse in .*set CLV_HOME to the home to back up"):
        backup.backup(tmp_path / "other", settings.load(tmp_path / "nowhere"))
