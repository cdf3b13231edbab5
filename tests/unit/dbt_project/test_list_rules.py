"""The rules and reasons of lists: what they may use, and what stops a build."""

from __future__ import annotations

import csv

import pytest
from dbt_macros import CompilerError, macros

from clv.catalog import dbt_project

LISTS = macros("list_rules.sql")
KNOWN = {
    "orders_count": {"sql": "customers.orders_count", "type": "integer"},
    "last_order_on": {"sql": "customers.last_order_on", "type": "date"},
    "predicted_clv": {"sql": "customers.predicted_clv", "type": "numeric(18,2)"},
    "churn_risk": {"sql": "customers.churn_risk", "type": "numeric(7,4)"},
    "gaps_silent": {"sql": "segments.gaps_silent", "type": "numeric"},
    "segment": {"sql": "segments.segment", "type": "text"},
    "tags": {"sql": "segments.tags", "type": "text[]"},
}


def words(rule: str | None) -> list[str]:
    return LISTS.words_of_rule({"list_name": "mine", "rule": rule}, KNOWN)


def reason(text: str | None) -> dict:
    return LISTS.reason_of_list({"list_name": "mine", "reason": text}, KNOWN)


@pytest.mark.parametrize(
    ("rule", "used"),
    [
        ("orders_count = 1", ["orders_count"]),
        ("gaps_silent > 1.5 * orders_count", ["gaps_silent", "orders_count"]),
        ("segment in ('at risk', 'it is -- lost; drop')", ["segment"]),  # whatever a text contains
        ("not (churn_risk <= 0.5 or churn_risk is null)", ["churn_risk", "churn_risk"]),
        ("'frequent' = any (tags)", ["tags"]),
        ("true", []),
    ],
)
def test_a_rule_uses_columns(rule: str, used: list[str]):
    assert words(rule) == used


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("", "it is empty"),
        (None, "it is empty"),
        ("orders = 1", "orders is no column of customer_clv, customer_segments, dim_customer or customer_features"),
        ("orders_count = 1; drop table x", "it contains ;"),
        ("orders_count = 1 -- and more", "it contains -"),
        ("orders_count / 0 > 1", "it contains /"),
        ("segment = 'lost", "it contains '"),
        ('"orders_count" = 1', 'it contains "'),
        ("exists (select 1)", "exists is no column"),
        ("orders_count = 1 or may_be_contacted()", "may_be_contacted is no column"),
    ],
)
def test_anything_else_stops_the_build_with_one_line(rule: str | None, problem: str):
    with pytest.raises(CompilerError, match="^the rule of the list mine cannot be used: ") as raised:
        words(rule)
    assert problem in str(raised.value)
    assert str(raised.value).endswith("; correct it in dbt_project/seeds/lists.csv")


@pytest.mark.parametrize(
    ("text", "sql", "used"),
    [
        ("shop's best", "'shop''s best'", []),
        ("{orders_count} orders", "coalesce(orders_count::text, 'unknown') || ' orders'", ["orders_count"]),
        ("since {last_order_on}", "'since ' || coalesce(last_order_on::text, 'unknown')", ["last_order_on"]),
        ("{gaps_silent}", "coalesce(round(gaps_silent::numeric)::text, 'unknown')", ["gaps_silent"]),
        ("{churn_risk as percent}", "coalesce(round(100 * churn_risk::numeric) || ' %', 'unknown')", ["churn_risk"]),
        (
            "{predicted_clv}",
            "coalesce(to_char(predicted_clv, 'FM999,999,999,990.00') || coalesce(' ' || nullif(currency, 'XXX'), ''), "
            "'unknown')",
            ["predicted_clv"],
        ),
    ],
)
def test_a_reason_shows_a_customers_values(text: str, sql: str, used: list[str]):
    assert reason(text) == {"sql": sql, "words": used}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "it is empty"),
        ("{orders} orders", "{orders} is no column that a rule may use"),
        ("{orders_count as roman}", "roman is no format; formats are money, percent, whole, text"),
    ],
)
def test_a_reason_that_cannot_be_shown_stops_the_build(text: str, problem: str):
    with pytest.raises(CompilerError, match="^the reason of the list mine cannot be used: ") as raised:
        reason(text)
    assert problem in str(raised.value)


def test_the_lists_that_come_with_perennial_use_columns_that_exist():
    tables = {"customer_clv", "customer_segments", "dim_customer", "customer_features"}
    models = {model["name"]: model for _, model in dbt_project.declared("models") if model["name"] in tables}
    columns = {column["name"]: {"type": column["data_type"]} for one in models.values() for column in one["columns"]}
    columns |= {name: {"type": "double precision"} for name in ("shop_discount_share",)}
    with (dbt_project.PROJECT / "seeds" / "lists.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        assert LISTS.words_of_rule(row, columns)
        assert LISTS.reason_of_list(row, columns)["sql"]
    assert [int(row["priority"]) for row in rows] == list(range(1, 10))
