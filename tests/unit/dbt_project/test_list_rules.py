"""The rules and reasons of lists: what they may use, and what stops a build."""

from __future__ import annotations

import csv
from types import SimpleNamespace
from typing import Any

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


def declared(rule: str, reason: str, message: str | None = None) -> tuple[dict, list[str]]:
    """What a build makes of a saved list, and of what it warns. message: PostgreSQL's, if it refuses them."""
    warned: list[str] = []
    row = {"list_name": "mine", "channel": "email", "rule": rule, "reason": reason, "is_saved": True}

    def run_query(query: str) -> Any:
        if "from (lists)" in query:
            return [SimpleNamespace(dict=lambda: dict(row))]
        return SimpleNamespace(rows=[[message]])

    refused = macros(
        "list_rules.sql",
        run_query=run_query,
        exceptions=SimpleNamespace(warn=warned.append),
        dbt=SimpleNamespace(string_literal=str, escape_single_quotes=str),
        graph=SimpleNamespace(nodes=Nodes()),
        project_name="perennial",
    )
    return refused.declared_lists("lists"), warned


class Nodes:
    """Four models with the columns of KNOWN, and those that every list needs."""

    def __getitem__(self, name: str) -> Any:
        names = {**KNOWN, "customer_key": {"type": "uuid"}, "currency": {"type": "text"}, "reasons": {"type": "jsonb"}}
        columns = {name: SimpleNamespace(name=name, data_type=one["type"]) for name, one in names.items()}
        return SimpleNamespace(columns=columns)


@pytest.mark.parametrize(
    ("rule", "reason", "message", "problem"),
    [
        ("tier in ('Gold')", "why", None, "tier is no column"),
        ("segment in ('new'); drop", "why", None, "it contains ;"),
        ("true", "{tier}", None, "{tier} is no column that a rule may use"),
        ("segment > 1", "why", "operator does not exist: text > integer", "operator does not exist"),
    ],
)
def test_a_saved_list_that_cannot_be_used_has_no_customers_and_stops_nothing(
    rule: str, reason: str, message: str | None, problem: str
):
    found, warned = declared(rule, reason, message)
    (one,) = found["lists"]
    assert (one["rule"], one["reason"], set(found["columns"])) == ("false", "''", {"customer_key", "currency"})
    assert problem in warned[0]
    assert warned[0].endswith("; it has no customers until somebody saves it again")


def test_a_saved_list_that_can_be_used_is_made_like_any_other():
    found, warned = declared("segment in ('new')", "segment {segment}")
    (one,) = found["lists"]
    assert (one["rule"], one["reason"]) == ("segment in ('new')", "'segment ' || coalesce(segment::text, 'unknown')")
    assert not warned
