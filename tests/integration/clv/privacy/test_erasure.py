"""An erased person is in no table and no file and is not loaded again; every row is still accounted for."""

from __future__ import annotations

import gzip
import json
import secrets
import threading
from datetime import timedelta
from pathlib import Path

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import small_warehouse as small
import traces
import yaml
from erased_person import AS_OF, LEAST, QUINCE, build, erase, needles, of, of_quince, sums, write

from clv import sources
from clv.catalog import tables
from clv.cli import app
from clv.core import settings
from clv.core.errors import ClvError
from clv.platform import backup
from clv.privacy import erasing
from clv.reporting import gates
from clv.sources.loading import copies
from clv.warehouse import db, erasures, locks, pseudonyms, publication, runs
from expectations.gates import judge
from spark_jobs import score

pytestmark = pytest.mark.set_up


@pytest.fixture(scope="module")
def shop(module_home: settings.Settings) -> settings.Settings:
    """A home with a published run. One customer has accepted, duplicate, replaced and unreadable rows."""
    lines = [
        of(f"c{n}", f"{n}-{k}", str(AS_OF - timedelta(days=200 - 40 * k + n))) for n in range(12) for k in range(4)
    ]
    theirs = [of_quince(1), of_quince(1), of_quince(2), of_quince(3, amount="nonsense"), f"{QUINCE['id']},7"]
    landed = module_home.landing / "orders"
    write(landed / "may.csv", *lines[:24], *theirs, of("c1", "x", amount="no number"), *lines[24:])
    write(landed / "more.csv", *lines[:2], of_quince(2, amount="13.00"))
    sources.landing(module_home)
    run_id = runs.open_run(AS_OF, "test")
    build(module_home, run_id, "staging", "intermediate", "features")
    score.write_too_little_data(module_home, AS_OF, run_id, "too few customers")
    small.execute(
        f"insert into {tables.REFERENCE_PREDICTIONS} select 'm', customer_key, 9, 0.9, 0.1, revenue_total "
        f"from {tables.CUSTOMER_FEATURES}"
    )
    build(module_home, run_id, "analytics")
    small.judge_all(run_id, str(AS_OF))
    publication.publish(AS_OF, run_id)
    return module_home


def test_nothing_is_left_of_a_person_and_runs_go_on(shop, capsys):
    page = shop.reports / str(AS_OF) / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text(f"a report that lists {needles(shop)[-1]}")
    assert len(traces.in_tables(needles(shop))) == 20
    assert len(traces.in_files(needles(shop), shop.home)) == 4  # landing, the kept copy, the report
    assert sums() == [(1, 54, 47, 1, 3, 3, 0), (2, 3, 3, 0, 0, 0, 0)]
    key = pseudonyms.customer_key(pseudonyms.secret(shop), QUINCE["id"]).hex()
    others = "select * from analytics.customer_clv_history where customer_key <> %s order by customer_key"
    published = db.rows(others, (key,))
    hashes = "select order_hash, row_hash from staging.stg_line_verdicts"
    theirs = f"{hashes} inner join raw.order_lines on (batch_id, line) = (_batch_id, _line) where customer_key = %s"
    hashed = {one for row in db.rows(theirs, (key,)) for one in row}
    app(["erase", QUINCE["id"], "--source", "orders", "--yes"], standalone_mode=False)
    output = " ".join(capsys.readouterr().out.split())
    for expected in (
        "4 of raw.order_lines",
        "2 of quarantine.unreadable_rows",
        "1 of analytics_runs.customer_clv ",
        "may.csv: rows removed",
        "index.html: written again without the person",
        "backups made before",
    ):
        assert expected in output
    assert traces.in_tables(needles(shop)) == traces.in_files(needles(shop), shop.home) == []
    assert db.rows(others, (key,)) == published != []
    assert len(hashed) == 5  # of two orders, and of the keys of three different rows
    assert hashed.isdisjoint(one for row in db.rows(hashes) for one in row)
    assert f"Customer value on {AS_OF}" in page.read_text()
    # Staging's counts pass the gate of a run that has begun, and equal those of the next build.
    now = [(1, 54, 46, 3, 2, 3, 5), (2, 3, 2, 1, 0, 0, 1)]
    assert sums() == now
    assert db.rows("select count(*) from staging.stg_order_lines") == [(48,)]
    assert [result.already_loaded for result in sources.landing(shop)] == [True, True]
    build(shop, "again", "staging", "intermediate")
    assert sums() == now
    assert db.rows("select reason, count(*) from quarantine.set_aside_lines group by 1") == [("erased", 4)]
    judge("staging", AS_OF, runs.open_run(AS_OF, "test"), gates.write)
    assert traces.in_tables(needles(shop)) == traces.in_files(needles(shop), shop.home) == []
    (receipt,) = (shop.home / "erasures").iterdir()
    assert json.loads(receipt.read_text())["rows"]["raw.order_lines"] == 4
    with pytest.raises(ClvError, match=f"was erased already: {receipt}"):
        erase(QUINCE["id"], shop)


def test_whom_nobody_knows_is_not_erased(shop):
    with pytest.raises(ClvError, match="the source orders has no customer of this id"):
        erase("nobody", shop)
    with pytest.raises(ClvError, match="nobody here has this e-mail address"):
        erasing.find(None, None, "nobody@shop.example", shop)
    with pytest.raises(ClvError, match="there is no source 'nowhere'"):
        erase("c1", shop, "nowhere")


def test_a_person_who_comes_again_is_set_aside(home, tmp_path):
    first = write(tmp_path / "a.csv", of_quince(1), of("c1", "1"))
    sources.load("orders", first, home)
    erase(QUINCE["id"], home)
    lines = (of_quince(1), of_quince(2), of_quince(3, amount="none"), f"{QUINCE['id']},4", of("c1", "1"), "c2,2")
    again = sources.load("orders", write(tmp_path / "b.csv", *lines), home)[0]
    assert (again.received, again.loaded, again.unreadable, again.usable) == (6, 3, 3, 1)
    assert sources.load("orders", first, home)[0].already_loaded
    assert db.rows("select customer_id from pii.customers") == [("c1",)]
    rules = db.rows("select _rule, count(*) from raw.order_lines where _batch_id = 2 group by 1 order by 1")
    assert rules == [("erased", 2), (None, 1)]
    assert traces.in_tables(needles(home)) == []
    assert traces.in_files(needles(home), home.home) == []
    assert sorted(db.rows("select line, reason from quarantine.unreadable_rows")) == [
        (4, "erased"),
        (5, "erased"),
        (7, "has 2 fields where 6 are expected"),
    ]
    # A later replay reads a kept copy without the person.
    assert [replayed.result for replayed in sources.replay(home, "orders")] == [None]
    build(home, "setup", "staging")
    assert [row[2:] for row in sums()] == [(0, 1, 1, 0, 1), (1, 2, 0, 3, 4)]


def test_rows_that_a_person_s_row_replaced_stay_replaced(home, tmp_path):
    (home.home / "sources").mkdir()
    for row_key in ("line", "order_time", "customer_order_time", "content", "customer_order"):
        mapping = {**LEAST, "row_key": row_key, **({"columns": {"line_id": "name"}} if row_key == "line" else {})}
        (home.home / "sources" / f"{row_key}.yml").write_text(yaml.safe_dump(mapping))
        sources.load(row_key, write(tmp_path / "a.csv", "c1,o1,2024-03-01,5,,1"), home)
        theirs = ("quince-77,o1,2024-03-01,5,,1", "quince-77,q-order,2024-03-02,6,,1")
        sources.load(row_key, write(tmp_path / "b.csv", *theirs), home)
    erase(QUINCE["id"], home, "line")
    build(home, "setup", "staging")
    replaced, alone, erased = (0, 1, 0, 0, 0), (1, 0, 0, 0, 0), (0, 2, 0, 0, 2)
    assert [row[2:] for row in sums()] == [
        *(replaced, erased, replaced, erased),
        *(alone, erased) * 3,
    ]
    assert traces.in_tables(needles(home)) == []


def test_copies_of_every_kind_lose_their_lines(home, tmp_path):
    (home.home / "sources").mkdir()
    (home.home / "sources" / "shop.yml").write_text(
        yaml.safe_dump({**LEAST, "customer": {"column": "customer_id", "lower": True}})
    )
    rows = [
        {"customer_id": who, "order_id": f"o{n}", "ordered_at": at, "amount": str(n)}
        for n, (who, at) in enumerate(
            [("Quince-77", "2024-03-01"), ("c1", "soon"), ("quince-77", "never"), ("c2", "2024-03-02")]
        )
    ]
    (tmp_path / "o.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "o.parquet")
    with gzip.open(tmp_path / "o.csv.gz", "wt") as file:
        file.write("customer_id,order_id,ordered_at,amount\n" + "".join(",".join(row.values()) + "\n" for row in rows))
    for name in ("o.jsonl", "o.parquet", "o.csv.gz"):
        assert sources.load("shop", tmp_path / name, home)[0].unreadable == 2
    receipt = erase("QUINCE-77", home, "shop")
    assert list(receipt.files.values()) == ["rows removed"] * 3
    assert (receipt.rows["raw.order_lines"], receipt.rows["quarantine.unreadable_rows"]) == (3, 3)
    assert traces.in_tables(["quince"]) == traces.in_files(["quince"], home.home) == []
    assert erase("c1", home, "shop").rows == {
        "quarantine.unreadable_rows": 3,
        "pii.unreadable_texts": 3,
    }
    (home.home / "sources" / "shop.yml").write_text(yaml.safe_dump({**LEAST, "file": {"missing": ["soon"]}}))
    assert [replayed.result for replayed in sources.replay(home, "shop")] == []


def test_a_landing_folder_that_cannot_be_written_is_reported_and_the_rest_is_done(home, monkeypatch):
    landed = write(home.landing / "orders" / "a.csv", of_quince(1), of("b", "2"), of("b", "3", amount="none"))
    sources.landing(home)
    store = copies.store

    def refused(path: Path, target: Path) -> None:
        if target == landed:
            raise PermissionError(13, "Permission denied")
        store(path, target)

    monkeypatch.setattr(copies, "store", refused)
    done = erase(QUINCE["id"], home)
    assert done.files[str(landed)].startswith("not reached: it cannot be written here")
    assert traces.in_tables(needles(home)) == []
    assert [path for path in traces.in_files(needles(home), home.home) if "landing" not in str(path)] == []
    assert sources.landing(home)[0].already_loaded


def test_an_erasure_waits_for_what_reads_customers(home, tmp_path):
    sources.load("orders", write(tmp_path / "a.csv", of_quince(1)), home)
    found, done = erasing.find(QUINCE["id"], "orders", None, home), []
    worker = threading.Thread(target=lambda: done.append(erasing.erase(found, home)))
    with db.lock(locks.CUSTOMERS, shared=True):
        worker.start()
        while not db.rows("select 1 from pg_locks where locktype = 'advisory' and not granted"):
            pass
        assert not done
        assert db.rows("select count(*) from pii.customers") == [(1,)]
    worker.join()
    assert len(done) == 1
    assert db.rows("select count(*) from pii.customers") == [(0,)]


def test_everybody_of_an_address_is_erased(home, tmp_path):
    sources.load(
        "orders", write(tmp_path / "a.csv", of_quince(1), of_quince(2).replace("quince-77", "q78"), of("c1", "1")), home
    )
    found = erasing.find(None, None, "QUINCE@planted.example", home)
    assert sorted(person.customer_id for person in found) == ["q78", "quince-77"]
    erasing.erase(found, home)
    assert db.rows("select customer_id from pii.customers") == [("c1",)]


def test_a_restored_backup_brings_nobody_back(server, home, tmp_path, monkeypatch):
    landed = write(home.landing / "orders" / "a.csv", of_quince(1), of("c1", "1"), of("c2", "2", amount="none"))
    sources.landing(home)
    before = landed.read_text()
    backup.backup(tmp_path / "before", home)
    erase(QUINCE["id"], home)
    backup.backup(tmp_path / "after", home)
    listed = tmp_path / "list"
    listed.write_text(erasures.place(home).read_text())

    def restored(name: str, saved: str, given: Path | None = None) -> tuple[settings.Settings, list[str]]:
        database = f"restored_{secrets.token_hex(4)}"
        with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
            connection.execute(f"create database {database}")  # type: ignore[arg-type]
        monkeypatch.setenv("CLV_HOME", str(tmp_path / name))
        monkeypatch.setenv("CLV_WAREHOUSE_URL", f"{server}/{database}")
        if name == "with_list":
            erasures.merge(settings.load(), erasures.read(listed))
        _, remarks = backup.restore(tmp_path / saved, settings.load(), erased=given)
        return settings.load(), remarks

    for name, saved, given in (("given", "before", listed), ("with_list", "before", None), ("later", "after", None)):
        new, remarks = restored(name, saved, given)
        assert traces.in_tables(needles(new)) == traces.in_files(needles(new), new.home) == []
        assert [row[0] for row in db.rows("select customer_id from pii.customers order by 1")] == ["c1"]
        assert any("are erased again, receipt" in remark for remark in remarks) == (saved == "before")
        (new.landing / "orders").mkdir(parents=True, exist_ok=True)
        (new.landing / "orders" / "a.csv").write_text(before)
        sources.landing(new)  # a backfill loads the shop's file again
        assert traces.in_tables(needles(new)) == []
    new, remarks = restored("without", "before")
    assert "persons who were erased after" in remarks[0]
    assert "secrets/erasures" in remarks[0]
    with pytest.raises(ClvError, match="nowhere does not exist; name the file secrets/erasures"):
        restored("other", "before", tmp_path / "nowhere")


def test_a_list_that_cannot_be_read_stops_loading(home, tmp_path):
    erasures.place(home).write_text("nonsense")
    with pytest.raises(ClvError, match="erasures is not a list of erasures; restore"):
        sources.load("orders", write(tmp_path / "a.csv", of_quince(1)), home)
