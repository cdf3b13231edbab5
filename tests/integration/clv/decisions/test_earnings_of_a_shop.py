"""A saved list of the simulated shop from its approval to what it earned, which is known; without a forecast."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import exported
import pytest
import small_warehouse
import unforecast

from clv import sources
from clv.core.settings import Settings
from clv.decisions.customers import filters
from clv.decisions.exporting.export import export
from clv.decisions.lists import approving, earnings, saving
from sample_shop import make

pytestmark = pytest.mark.set_up

DAY, LATER = date(2024, 6, 1), date(2024, 7, 1)
SHOP, RESPONSE = {"customers": 1200, "until": LATER}, 1.5
GONE = {"stage": ["slipping", "lapsed"]}
SILENT = saving.NewList(
    "silent", "Silent", filters.rule(GONE), "letters", "write", None, Decimal("0.5"), filters.reason(GONE)
)


def of_revenue(home: Settings) -> dict:
    found = earnings.earnings(home)
    return next(one for one in found if (one["list_name"], one["metric"]) == ("silent", "revenue"))


def test_a_list_earns_what_its_customers_truly_respond(home: Settings, tmp_path: Path) -> None:
    (home.secrets / "pseudonym_key").write_text("5" * 64)  # who is held out follows from it
    make(tmp_path, **SHOP)
    sources.load("sample_shop", tmp_path / "orders", home)
    small_warehouse.let_analyst_in(home)
    saving.save(SILENT, "anna", home)
    unforecast.publish(home, DAY)
    approving.approve("silent", "anna", home)
    exported.declare(home, "letters", to="file", columns=["customer_id", "as_of_date"])
    sent = export("silent", "letters", home).sent
    earnings.read_all(home)
    waiting = of_revenue(home)
    assert (waiting["state"], waiting["contacted"], waiting["earned"]) == ("waiting", 0, None)
    files = [*(home.home / "exports" / "letters").glob("*.csv")]
    truth = make(tmp_path, **SHOP, contacted=files, response=RESPONSE)["expected_revenue"]
    sources.load("sample_shop", tmp_path / "orders", home)
    unforecast.publish(home, LATER)
    earnings.read_all(home)
    found = of_revenue(home)
    assert (found["state"], found["title"], found["cost"]) == ("earned", "Silent", None)
    assert (found["contacted"], found["customers"], found["held_out"]) == (sent, sent, found["entered"] - sent)
    assert found["difference_low"] <= truth / sent <= found["difference_high"]
    assert found["earned_low"] <= truth <= found["earned_high"]
    assert " EUR more: net revenue " in found["message"]
