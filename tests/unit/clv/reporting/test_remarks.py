"""Remarks about settings that were not made."""

from __future__ import annotations

from pathlib import Path

import pytest

from clv.core import settings
from clv.core.options import Shop
from clv.reporting.remarks import Basis, of_run, of_settings


def home(**shop: object) -> settings.Settings:
    return settings.Settings(Path("/home"), {}, Shop().changed(**shop))


def test_a_missing_margin_gives_a_remark():
    (remark,) = of_settings(home())
    assert remark.startswith("no gross_margin is set")
    assert remark.endswith("into /home/shop.json")
    assert of_settings(home(gross_margin=0.4)) == of_settings(home(gross_margin=1)) == []


def test_the_rule_phone_without_a_calling_code_gives_a_remark():
    (remark,) = of_settings(home(gross_margin=0.4, identities=["phone"]))
    assert remark.startswith("identities has the rule phone, and no calling_code is set")
    assert of_settings(home(gross_margin=0.4, identities=["phone"], calling_code="44")) == []


@pytest.mark.parametrize(
    ("profit", "remark"),
    [
        ("revenue", "no cost of goods is known, so profit and customer value are too high; write"),
        (
            "costs and revenue",
            "no cost of goods is known for some rows, so profit and customer value are too high; write",
        ),
        ("costs and gross_margin", None),
        ("costs", None),
        (None, None),
    ],
)
def test_a_run_says_where_no_cost_of_goods_is_known(profit: str | None, remark: str | None):
    found = of_run(Basis(profit, 5, 5, 0, 2), home())
    assert [text[: len(remark or "")] for text in found] == ([remark] if remark else [])


def test_a_run_says_whom_lists_leave_out_and_how_to_change_it():
    (left_out,) = of_run(Basis("costs", 5, 5, 1000, 2), home())
    assert "1,000 customers were never asked" in left_out
    assert "left out of lists meant for contact (5 customers are on them, 2 refused)" in left_out
    assert '{"unknown_consent": "include"}' in left_out
    (kept,) = of_run(Basis("costs", 1005, 5, 1000, 2), home(unknown_consent="include"))
    assert "are on lists meant for contact" in kept
    assert '{"unknown_consent": "exclude"}' in kept


def test_remarks_on_a_past_run_state_what_it_used():
    (left_out,) = of_run(Basis("costs", 5, 5, 1000, 2), home(unknown_consent="include"))
    assert "left out of lists meant for contact (5 customers are on them" in left_out
    assert left_out.endswith("the next run uses the setting in /home/shop.json, which is now include")
    (kept,) = of_run(Basis("costs", 1005, 5, 1000, 2), home())
    assert "are on lists meant for contact" in kept
    assert kept.endswith("the next run uses the setting in /home/shop.json, which is now exclude")
    (revenue,) = of_run(Basis("revenue", 5, 5, 0, 2), home(gross_margin=0.4))
    assert revenue.endswith("the next run takes the gross_margin of 0.4 that is in /home/shop.json now")
