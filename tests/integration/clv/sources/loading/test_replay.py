"""Rejected rows are replayed after the mistake is corrected, and count in the place of their file."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from clv import sources
from clv.cli import app
from clv.core import settings
from clv.core.errors import ClvError
from clv.transform import dbt
from clv.warehouse import db

HEADER = "customer_id,order_id,ordered_at,amount"
LEAST = {"customer": "customer_id", "order": "order_id", "time": "ordered_at", "amount": "amount"}
DAY_FIRST = {"time": {"column": "ordered_at", "formats": ["%d/%m/%Y"]}}


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join([HEADER, *lines]) + "\n")
    return path


def write_mapping(home: settings.Settings, **keys: object) -> str:
    """Writes the mapping `shop` with these additional keys; returns its name."""
    (home.home / "sources").mkdir(exist_ok=True)
    (home.home / "sources" / "shop.yml").write_text(yaml.safe_dump({**LEAST, **keys}))
    return "shop"


def counts() -> list[tuple]:
    return db.rows("""
        select batch_id, rows_received, rows_accepted, rows_set_aside, rows_unreadable, rows_duplicate
        from staging.stg_batch_counts order by batch_id
    """)


def accepted() -> list[tuple]:
    return db.rows("select order_id, amount from staging.stg_order_lines order by order_id, amount")


def test_unreadable_rows_are_replayed_once(home, tmp_path):
    path = write(tmp_path / "o.csv", "1,a,05/01/2024,5", "1,b,2024-01-06,6", "2,c,07/01/2024,7", "2,d,2024-01-08,x")
    sources.load(write_mapping(home), path, home)
    path.unlink()
    dbt.build("staging", {}, home)
    assert counts() == [(1, 4, 1, 0, 3, 0)]
    write_mapping(home, **DAY_FIRST)
    (replayed,) = sources.replay(home, "shop")
    assert (replayed.batch_id, replayed.usable_before, replayed.result.batch_id) == (1, 1, 2)
    dbt.build("staging", {}, home)
    assert counts() == [(1, 4, 0, 1, 3, 0), (2, 4, 3, 0, 1, 0)]
    assert accepted() == [("a", Decimal(5)), ("b", Decimal(6)), ("c", Decimal(7))]
    assert [again.result for again in sources.replay(home, "shop")] == [None]
    assert db.rows("select count(*) from raw.batches") == [(2,)]
    assert db.rows("select batch_id, reason from raw.withdrawals") == [(1, "replayed as batch 2")]


def test_rows_rejected_by_a_filter_or_a_wrong_column_are_replayed(home, tmp_path):
    tests = {"filters": [{"rule": "test_order", "column": "order_id", "matches": "^a"}]}
    sources.load(write_mapping(home, **tests), write(tmp_path / "o.csv", "1,a,2024-01-05,5", "1,b,2024-01-06,-"), home)
    write_mapping(home, file={"missing": ["-"]})
    (replayed,) = sources.replay(home, batch_id=1)
    assert (replayed.usable_before, replayed.result.usable) == (0, 1)
    dbt.build("staging", {}, home)
    assert accepted() == [("a", Decimal(5))]
    assert counts()[1] == (2, 2, 1, 1, 0, 0)


def test_a_replay_takes_the_place_of_its_file_and_no_later_one(home, tmp_path):
    first = write(tmp_path / "o.csv", "1,a,2024-01-05,5", "1,b,2024-01-06,1'000")
    sources.load(write_mapping(home), first, home)
    sources.load("shop", write(tmp_path / "later.csv", "1,a,2024-01-05,9"), home)
    write_mapping(home, file={"missing": ["1'000"]}, amount="amount", order="order_id")
    assert sources.replay(home, "shop")[0].result is None
    write_mapping(home, amount={"quantity": "order_id", "price": "amount"})
    assert sources.replay(home, "shop")[0].result is None  # a mapping that makes fewer rows readable changes nothing
    whole = {"file": {"thousands": "'"}}
    write_mapping(home, **whole)
    assert sources.replay(home, "shop")[0].result.batch_id == 3
    dbt.build("staging", {}, home)
    assert accepted() == [("a", Decimal(9)), ("b", Decimal(1000))]
    assert sources.load("shop", write(tmp_path / "o.csv", "1,a,2024-01-05,5", "1,b,2024-01-06,1'000"), home)[
        0
    ].already_loaded


def test_a_replay_after_the_code_was_corrected(home, tmp_path, monkeypatch):
    with monkeypatch.context() as mistaken:
        mistaken.setattr("clv.sources.mapping.times.LAST", 2023)
        sources.load(write_mapping(home), write(tmp_path / "o.csv", "1,a,2024-01-05,5"), home)
    assert sources.replay(home, "shop")[0].result.usable == 1


def test_the_command_shows_what_it_did(home, tmp_path, capsys):
    sources.load(write_mapping(home), write(tmp_path / "o.csv", "1,a,05/01/2024,5"), home)
    write_mapping(home, **DAY_FIRST)
    for expected in ("batch 1 is now batch 2, 1 rows received, 1 usable (0 before), 0 unreadable", "no rejected rows"):
        app(["replay", "--source", "shop"], standalone_mode=False)
        assert expected in " ".join(capsys.readouterr().out.split())


def test_a_missing_copy_is_named(home, tmp_path):
    sources.load(write_mapping(home), write(tmp_path / "o.csv", "1,a,05/01/2024,5"), home)
    for path in (home.home / "received").iterdir():
        path.unlink()
    with pytest.raises(ClvError, match=r"no copy is left of the file of batch 1 \(o.csv\).*clv ingest"):
        sources.replay(home, "shop")


def test_content_that_a_later_batch_has_loaded_is_skipped(home, tmp_path, capsys):
    path = write(tmp_path / "o.csv", "1,a,05/01/2024,5", "1,b,06/01/2024,x")
    sources.load(write_mapping(home), path, home)
    write_mapping(home, **DAY_FIRST)
    sources.load("shop", path, home)
    app(["replay", "--source", "shop"], standalone_mode=False)
    shown = " ".join(capsys.readouterr().out.split())
    assert "o.csv: batch 1 is skipped: batch 2 has loaded the same content since" in shown
    assert "o.csv: batch 2 is unchanged" in shown
    assert db.rows("select count(*) from raw.batches") == [(2,)]
    sources.withdraw(2, "wrong after all", home)
    write_mapping(home, **DAY_FIRST)
    (replayed,) = sources.replay(home, "shop")  # the later batch no longer counts
    assert (replayed.batch_id, replayed.result.batch_id) == (1, 3)
