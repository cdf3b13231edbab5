"""`clv ingest` warns about files that look wrong in comparison with earlier ones, and its remedies work."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from clv import cli
from clv.core import settings
from clv.transform import dbt
from clv.warehouse import db

HEADER = "order_id,customer_id,ordered_at,amount\n"
SALES = HEADER + "".join(f"{n},c{n},2025-01-0{n},{n}0.00\n" for n in range(1, 7))
TURNED = HEADER + "".join(f"{n},c{n},2025-02-0{n - 10},-{n}.00\n" for n in range(11, 17))


@pytest.fixture
def ingest(home: settings.Settings, tmp_path: Path):
    def load(name: str, text: str) -> str:
        (tmp_path / name).write_text(text)
        return clv("ingest", "--source", "orders", "--path", str(tmp_path / name))

    return load


def clv(*arguments: str) -> str:
    done = CliRunner(env={"COLUMNS": "400"}).invoke(cli.app, arguments)
    assert done.exit_code == 0, done.stdout + str(done.exception)
    return done.stdout


def revenue(home: settings.Settings) -> float:
    dbt.build("staging", {}, home)
    return float(db.rows("select coalesce(sum(amount), 0) from staging.stg_order_lines")[0][0])


def test_inverted_signs_give_a_warning_whose_remedy_withdraws_the_batch(ingest, home):
    ingest("sales.csv", SALES)
    shown = ingest("turned.csv", TURNED)
    assert "warning: 6 of 6 orders have a negative total, as on line 2, and no known sale" in shown
    assert revenue(home) == 210 - 81
    (remedy,) = re.findall(r"`clv (withdraw [^`]+)`", shown)
    clv(*shlex.split(remedy))
    assert revenue(home) == 210


@pytest.mark.parametrize(
    "rows",
    [
        [f"{n},c{n},2025-01-09,-5.00" for n in range(1, 7)],  # refunds of known orders
        [f"R{n},c{n},2025-01-09,-5.00" for n in range(1, 5)],  # only four orders
        [f"R{n},c{n},2025-01-09,{amount}.00" for n in range(1, 7) for amount in (30, -5)],  # also sold here
        [f"R{n},c{n},2025-01-09,{-5 if n < 6 else 5}.00" for n in range(1, 12)],  # five of eleven orders
    ],
)
def test_refunds_give_no_warning(ingest, rows):
    ingest("sales.csv", SALES)
    assert "negative total" not in ingest("refunds.csv", HEADER + "\n".join(rows))


def test_content_that_was_withdrawn_before_gives_a_warning(ingest, home):
    ingest("day.csv", SALES)
    clv("withdraw", "--batch", "1", "--reason", "rows are missing")
    ingest("day.csv", SALES + "7,c7,2025-01-07,70.00\n")
    shown = ingest("day.csv", SALES)
    assert "batch 3, 6 rows received" in shown
    assert "warning: the same content was withdrawn as batch 1 (rows are missing); where that still holds" in shown
    (remedy,) = re.findall(r"`clv (withdraw [^`]+)`", shown)
    clv(*shlex.split(remedy))
    assert revenue(home) == 280
    assert "already loaded, and withdrawn; to let it count again: `clv restore --batch 3`" in ingest("day.csv", SALES)


def test_content_read_again_through_a_corrected_mapping_gives_no_warning(ingest, home):
    (home.home / "sources").mkdir()
    mapping = home.home / "sources" / "orders.yml"
    right = "customer: customer_id\norder: order_id\ntime: ordered_at\namount: amount\n"
    mapping.write_text(right + 'sign: {column: order_id, negative: ["1"]}\n')
    ingest("day.csv", SALES)
    clv("withdraw", "--batch", "1", "--reason", "wrong sign")
    mapping.write_text(right)
    again = ingest("day.csv", SALES)
    assert "batch 2, 6 rows received, 6 loaded" in again
    assert "withdrawn" not in again


def test_a_file_whose_orders_a_later_one_replaced_gives_a_note_when_it_is_loaded_again(ingest, home):
    ingest("good.csv", SALES)
    ingest("bad.csv", SALES.replace("10.00", "1.00"))
    shown = ingest("good.csv", SALES)
    assert "already loaded as batch 1" in shown
    assert "note: batch 2 (bad.csv), which was loaded later, has replaced 6 orders of this file" in shown
    assert revenue(home) == 201
    (remedy,) = re.findall(r"`clv (withdraw [^`]+)`", shown)
    clv(*shlex.split(remedy))
    assert revenue(home) == 210
    assert "note:" not in ingest("good.csv", SALES)


def test_rejected_rows_of_a_batch_that_no_run_has_processed(ingest, home):
    ingest("day.csv", SALES + "7,,2025-01-07,70.00\n")
    assert "note: no run has taken this batch in yet" in clv("rejects", "--batch", "1")
    dbt.build("staging", {}, home)
    shown = clv("rejects", "--batch", "1")
    assert "missing_customer" in shown
    assert "no run has taken" not in shown
