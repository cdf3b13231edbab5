"""Filters of customers: what is allowed in them, and the rule and reason of the list that each stands for."""

from __future__ import annotations

from uuid import UUID

import pytest
from dbt_macros import macros

from clv.core.errors import ClvError
from clv.decisions.customers import filters
from clv.decisions.customers.filters import After, Row

GOLD = {"tier": ["Gold", "Platinum"], "risk": ["high"], "category": ["men's desk"]}
KNOWN = {name: {"sql": name, "type": "text"} for name in (*filters.COLUMNS.values(), "currency")} | {
    "predicted_clv": {"sql": "predicted_clv", "type": "numeric(18,2)"}
}


def test_a_filter_is_a_rule_over_published_columns():
    assert filters.rule(GOLD) == (
        "value_tier in ('Gold', 'Platinum') and churn_band in ('high') and favourite_category in ('men''s desk')"
    )
    assert filters.rule({}) == filters.rule({"tier": [], "risk": [""]}) == "true"


def test_a_reason_says_by_which_parts_a_customer_is_on_the_list():
    assert filters.reason(GOLD) == (
        "tier {value_tier}, risk {churn_band}, buys {favourite_category}; expected value {predicted_clv}"
    )
    assert filters.reason({}) == "a customer of the shop; expected value {predicted_clv}"


@pytest.mark.parametrize("value", ["it's", "a; drop table x", "-- {segment}", "100 %", 'a"b', "Möbel"])
def test_lists_take_the_rule_and_the_reason_whatever_a_value_contains(value: str):
    lists, chosen = macros("list_rules.sql"), {part: [value] for part in filters.COLUMNS}
    mine = {"list_name": "mine", "rule": filters.rule(chosen), "reason": filters.reason(chosen)}
    assert set(lists.words_of_rule(mine, KNOWN)) == set(filters.COLUMNS.values())
    assert value not in lists.reason_of_list(mine, KNOWN)["sql"]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"name": ["Ann"]}, "there is no filter name; filters are tier, segment, stage, risk, category"),
        ({"tier": ["Gold\n"]}, "a value of the filter tier is too long or has odd characters"),
        ({"category": ["x" * 201]}, "a value of the filter category is too long"),
    ],
)
def test_other_filters_are_refused(given: dict, says: str):
    with pytest.raises(ClvError, match=says):
        filters.checked(given)


def row(number: int, value: int | None) -> Row:
    return Row(UUID(int=number), "Gold", "new", "low", None, value, value, "EUR", None, None, True)  # type: ignore[arg-type]


def test_the_next_page_begins_after_the_last_customer_of_a_full_one():
    rows = [row(number, 100 - number) for number in range(filters.PAGE)]
    assert filters.following(rows, "value") == After(51, UUID(int=49))  # type: ignore[arg-type]
    assert filters.following([*rows[:-1], row(7, None)], "stake") == After(None, UUID(int=7))
    assert filters.following(rows[:-1], "value") is None
