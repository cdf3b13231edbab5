"""`clv rotate-key` changes the keys of all customers and nothing else. An interrupted rotation leaves a working
home."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest
import small_warehouse as small
import traces
import yaml

from clv import sources
from clv.catalog import tables
from clv.core import settings
from clv.core.errors import ClvError
from clv.platform.runtime import databases
from clv.privacy import persons, rotation
from clv.reporting import report
from clv.warehouse import db, pseudonyms, publication

LEAST = {"customer": "customer_id", "order": "order_id", "time": "ordered_at", "amount": "amount"}
FILE = "customer_id,order_id,ordered_at,amount,email\nanna,1,2011-01-03,10,a@x.example\nbert,1,2011-02-03,20,\n"


@pytest.fixture
def shop(home: settings.Settings, tmp_path: Path) -> settings.Settings:
    """A home with two customers, one of them also in a namespace, and a published run with both."""
    (home.home / "sources").mkdir()
    (home.home / "sources" / "shop.yml").write_text(yaml.safe_dump({**LEAST, "customer_namespace": "eu"}))
    databases.claim_pseudonyms(home)
    (tmp_path / "o.csv").write_text(FILE)
    for source in ("orders", "shop"):
        sources.load(source, tmp_path / "o.csv", home)
    small.make_tables()
    run_id = small.ready_run()
    keys = [key for (key,) in db.rows(f"select customer_key from {tables.CUSTOMERS} order by customer_key")]
    with db.connect() as connection:
        for table in persons.tables_of_customers(connection):
            if table not in (tables.CUSTOMERS, tables.ORDER_LINES):
                for letter, key in zip((small.A, small.B, small.C), keys, strict=False):
                    connection.execute(f"update {table} set customer_key = %s where customer_key = %s", (key, letter))  # type: ignore[arg-type]
        connection.execute(
            "update analytics_runs.fct_orders set order_key = order_key || ':' || customer_key where order_key ~ 'o4'"
        )
    publication.publish(date.fromisoformat(small.AS_OF), run_id)
    return home


def content(home: settings.Settings) -> dict[str, list[str]]:
    """Every table's rows as text, in which each key is replaced by the customer that it belongs to."""
    secret, found = pseudonyms.secret(home), {}
    with db.connect() as connection:
        names = {}
        for person in persons.known(connection, home, secret):
            who = f"<{person.namespace}:{person.customer_id}>"
            names |= {str(person.key): who, person.key.hex: who}
        pattern = re.compile("|".join(names))
        for table in [*persons.tables_of_customers(connection), tables.BATCHES, tables.PUBLICATIONS]:
            rows = connection.execute(f"select t::text from {table} as t").fetchall()  # type: ignore[arg-type]
            found[table] = sorted(pattern.sub(lambda key: names[key[0]], row) for (row,) in rows)
    assert "<eu:anna>" in str(found)
    return found


def keys() -> set[UUID]:
    return {key for (key,) in db.rows(f"select customer_key from {tables.CUSTOMERS}")}


def test_keys_within_made_order_numbers_change_too(home, tmp_path):
    (tmp_path / "o.csv").write_text("customer_id,ordered_at,amount\nanna,2024-01-01,5\n")
    sources.load("orders_without_id", tmp_path / "o.csv", home)
    small.execute(
        """create table staging.stg_line_verdicts as
        select _batch_id as batch_id, _line as line, _entry as entry, 7::bigint as order_hash, 8::bigint as row_hash
        from raw.order_lines"""
    )
    (old,) = keys()
    rotation.rotate(home)
    (new,) = keys()
    query = f"select order_id, _row_key from {tables.ORDER_LINES}"
    order_id = f"{new.hex}-2024-01-01-1"
    assert old != new
    row_key = f"{new.hex}|{order_id}|2024-01-01 00:00:00|1"
    assert db.rows(query) == [(order_id, row_key)]
    hashed = "select ops.group_hash('order', 'orders_without_id', %s), ops.group_hash('row', 'orders_without_id', %s)"
    assert db.rows("select order_hash, row_hash from staging.stg_line_verdicts") == db.rows(hashed, (order_id, row_key))


def test_nothing_but_keys_changes(shop, tmp_path):
    before, old, secret = content(shop), keys(), shop.secret("pseudonym_key")
    page = report.write(date.fromisoformat(small.AS_OF), shop)
    page.write_text(page.read_text() + " ".join(map(str, old)))
    rows = rotation.rotate(shop)
    assert not any(str(key) in page.read_text() for key in old)
    assert (rows["pii.customers"], rows["raw.order_lines"], rows["analytics_runs.customer_clv"]) == (4, 4, 3)
    assert content(shop) == before
    assert shop.secret("pseudonym_key") != secret
    assert not keys() & old
    assert traces.in_tables([text for key in old for text in (key.hex, str(key))]) == []
    assert [path.name for path in shop.secrets.iterdir() if not path.name.endswith("_password")] == ["pseudonym_key"]
    assert (shop.secrets / "pseudonym_key").stat().st_mode & 0o777 == 0o600
    (tmp_path / "p.csv").write_text(FILE + "carl,2,2011-03-03,30,\n")
    sources.load("orders", tmp_path / "p.csv", shop)
    assert len(keys()) == 5
    databases.claim_pseudonyms(shop)


@pytest.mark.parametrize("cut", ["before", "after"])
def test_cut_short_on_either_side_of_the_commit(shop, tmp_path, monkeypatch, cut):
    before, old = content(shop), keys()

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    whole = pseudonyms.secret
    calls = []
    with monkeypatch.context() as patch:
        if cut == "before":
            patch.setattr(rotation.owners_files, "write", killed)
        else:  # the secret is asked for once before the change, and once to put the new one in place
            patch.setattr(pseudonyms, "secret", lambda home: killed() if calls else calls.append(1) or whole(home))
        with pytest.raises(KeyboardInterrupt):
            rotation.rotate(shop)
    assert (keys() == old) == (cut == "before")
    assert (shop.secrets / pseudonyms.PENDING).exists() == (cut == "after")
    (tmp_path / "p.csv").write_text(FILE.replace("anna,1", "anna,2"))
    sources.load("orders", tmp_path / "p.csv", shop)
    assert len(keys()) == 4  # still the same customers
    assert not (shop.secrets / pseudonyms.PENDING).exists()
    rotation.rotate(shop)
    assert {table: rows for table, rows in content(shop).items() if table == "pii.customers"} == {
        "pii.customers": before["pii.customers"]
    }


def test_a_pending_secret_that_never_held_is_let_be(shop):
    (shop.secrets / pseudonyms.PENDING).write_text("never held")
    assert pseudonyms.secret(shop).decode() == shop.secret("pseudonym_key")


def test_what_cannot_be_renamed_is_refused_and_stays(shop, tmp_path):
    before = keys()
    (shop.home / "sources" / "shop.yml").write_text(yaml.safe_dump(LEAST))
    with pytest.raises(ClvError, match="named in a namespace that no mapping gives any more.*shop.yml"):
        rotation.rotate(shop)
    (shop.home / "sources" / "shop.yml").write_text(yaml.safe_dump({**LEAST, "customer_namespace": "eu"}))
    small.execute(
        f"update {tables.ORDER_LINES} set customer_key = gen_random_uuid() where order_id = '1' and _line = 2"
    )
    with pytest.raises(ClvError, match="raw.order_lines has 2 customers who are not in pii.customers"):
        rotation.rotate(shop)
    outside = tmp_path / "outside"
    (shop.secrets / "pseudonym_key").rename(outside)
    (shop.secrets / "pseudonym_key").symlink_to(outside)
    with pytest.raises(ClvError, match="pseudonym_key is a link to .*outside"):
        rotation.rotate(shop)
    assert keys() == before
