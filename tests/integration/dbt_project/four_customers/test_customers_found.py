"""Customers as the pages for marketers find and show them, and lists that are saved from a filter."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from uuid import UUID

import psycopg
import pytest
import small_warehouse
from four_customers import AS_OF, RUN, VARIABLES, table
from raw_rows import customer

from clv.core import settings
from clv.core.errors import ClvError
from clv.decisions.customers import filters, finding, reading
from clv.decisions.lists import approving, saving
from clv.decisions.lists.saving import NewList
from clv.transform import dbt
from clv.warehouse import db

A, B, C, D = (UUID(str(customer(who))) for who in "abcd")
GOLD = NewList("desk_fans", "Desk fans", "true", "desks", "show them desks", None, Decimal(0), "a customer")


@pytest.fixture
def analyst(shop: dict) -> Iterator[psycopg.Connection]:
    """A connection as an analyst, to the shop's run as it is published."""
    with publication(), db.connect() as connection:
        connection.execute("set role clv_analyst")
        yield connection


@contextmanager
def publication() -> Iterator[None]:
    """Publishes the shop's run within the block."""
    with db.connect() as connection:
        connection.execute(
            "insert into analytics.publications (as_of_date, run_id, digest, rows_published) values (%s, %s, '', '{}')",
            (AS_OF, RUN),
        )
    try:
        yield
    finally:
        with db.connect() as connection:
            connection.execute("delete from analytics.publications")


def test_a_customer_is_found_by_an_order_a_short_id_and_a_key(analyst: psycopg.Connection):
    def found(text: str) -> list[tuple[UUID, str]]:
        return [(one.customer_key, one.by) for one in finding.find(analyst, text, ["another", "orders"])]

    (source,) = {key.partition(":")[0] for (key,) in table("analytics.fct_orders", "order_key")}
    assert [(one.customer_key, one.by) for one in finding.find(analyst, " 1 ", [source])] == [(A, f"order {source}:1")]
    assert found(f"{source}:2") == [(A, f"order {source}:2")]
    assert found(str(A)[:8].upper()) == found(str(A)) == [(A, "the key")]
    assert found("4") == []  # not before the date
    assert found("") == found("ann@example.com") == found("0" * 8) == []


def test_what_is_known_of_a_customer(analyst: psycopg.Connection, monkeypatch: pytest.MonkeyPatch):
    one = reading.customer(analyst, A)
    assert (one.as_of_date, one.orders_count, one.favourite_category) == (date(2024, 6, 1), 2, "desk")
    (value,) = reading.history(analyst, A)
    assert (value.as_of_date, value.predicted_clv) == (one.as_of_date, one.predicted_clv)
    every = reading.orders(analyst, A)
    assert [(order.name, order.kind, order.net_revenue, order.refunds) for order in every] == [
        ("2", "order", Decimal("35.00"), Decimal("-10.00")),
        ("1", "order", Decimal("50.00"), 0),
    ]
    monkeypatch.setattr(reading, "PAGE", 1)
    following = reading.orders(analyst, A, (every[0].ordered_at, every[0].order_key))
    assert following == every[1:2]
    assert reading.lists(analyst, A) == reading.sent(analyst, A) == reading.experiments(analyst, A) == []
    assert reading.changes(analyst, A) == []
    with pytest.raises(ClvError, match="no customer with this key; search by an order number"):
        reading.customer(analyst, UUID(int=1))


@pytest.mark.parametrize("order", list(filters.ORDERS))
def test_pages_of_a_filter_have_each_customer_once(
    analyst: psycopg.Connection, monkeypatch: pytest.MonkeyPatch, order: str
):
    whole = filters.customers(analyst, {}, order)
    assert {row.customer_key for row in whole} == {A, B, C, D}
    assert whole[-1].customer_key == C  # who has no forecast
    monkeypatch.setattr(filters, "PAGE", 1)
    after, pages = None, []
    while rows := filters.customers(analyst, {}, order, after):
        pages += rows
        after = filters.following(rows, order)
    assert pages == whole


def test_filters_choose_customers(analyst: psycopg.Connection):
    assert "desk" in filters.choices(analyst)["category"]
    desk = {"category": ["desk"]}
    assert [row.customer_key for row in filters.customers(analyst, desk)] == [A]
    assert filters.number(analyst, desk) == (1, False)
    best = filters.customers(analyst, {})[0]
    tier = {"tier": [best.value_tier or ""], "segment": []}
    assert best in filters.customers(analyst, tier)
    assert {row.value_tier for row in filters.customers(analyst, tier)} == {best.value_tier}
    assert filters.customers(analyst, {**tier, "segment": ["no such"]}) == []


@pytest.fixture
def nothing_saved(shop: dict) -> Iterator[None]:
    """Lets everybody be contacted, and undoes what a test saved and built."""
    kept = "create temporary table kept as select customer_key, may_be_contacted from analytics_runs.dim_customer"
    with db.connect() as connection:
        connection.execute(kept)
        connection.execute("update analytics_runs.dim_customer set may_be_contacted = true")
        connection.commit()
        yield
        connection.execute(
            "update analytics_runs.dim_customer as now set may_be_contacted = kept.may_be_contacted "
            "from kept where kept.customer_key = now.customer_key"
        )
        connection.execute("delete from ops.saved_lists")
        connection.execute("delete from ops.list_approvals")
        for name in ("list_members", "list_summary"):
            connection.execute(f"delete from analytics_runs.{name} where list_name in ('desk_fans', 'broken')")  # type: ignore[arg-type]


def test_a_saved_filter_is_a_list_of_the_next_run(nothing_saved: None, module_home: settings.Settings):
    home, desk = module_home, {"category": ["desk"]}
    small_warehouse.let_analyst_in(home)
    fans = GOLD._replace(channel=" Desks", rule=filters.rule(desk), reason=filters.reason(desk))
    with db.connect() as connection:  # of a list of the seed that is gone
        connection.execute(
            "insert into ops.list_approvals (list_name, approved_by, approved_at) values ('desk_fans', 'anna', now())"
        )
    with publication():
        saving.save(fans, "anna", home)
        assert db.rows("select from ops.list_approvals where list_name = 'desk_fans' and revoked_at is null") == []
        with pytest.raises(ClvError, match="somebody has saved a list desk_fans already"):
            saving.save(fans, "bert", home)
        with pytest.raises(ClvError, match='the filter cannot be used: column "gone" does not exist'):
            saving.save(fans._replace(list_name="broken", rule="gone in ('a')"), "anna", home)
    with db.connect() as connection:  # as an update of Perennial or an edit of the seed may make them
        for name, rule in (("broken", "gone in ('a')"), ("win_back", "true")):
            connection.execute(
                "insert into ops.saved_lists (list_name, title, rule, channel, action, holdout_share, reason, saved_by)"
                " values (%s, 'A list', %s, 'desks', 'write', 0, 'a customer', 'anna')",
                (name, rule),
            )
    dbt._invoke("saved_lists", ["--select", "list_members list_summary"], VARIABLES, home)
    found = table("analytics_runs.list_members", "list_name, customer_key::text, arm, reason", "channel = 'desks'")
    (value,) = table("analytics_runs.customer_clv", "predicted_clv", f"customer_key = '{A}'")[0]
    assert found == [("desk_fans", str(A), "act", f"buys desk; expected value {value} GBP")]
    summary = dict(table("analytics_runs.list_summary", "list_name, customers"))
    assert (summary["desk_fans"], summary["broken"]) == (1, 0)
    assert len(summary) == 11  # the nine of the seed, whose win_back hides the saved one
    assert [(one.list_name, one.published) for one in saving.saved(home)][0] == ("desk_fans", False)
    saving.remove("desk_fans", "bert", home)
    assert "desk_fans" not in {one.list_name for one in saving.saved(home)}
    assert approving.removed_at("desk_fans", home) is not None
    assert approving.removed_at("broken", home) is approving.removed_at("win_back", home) is None
    with (
        publication(),
        pytest.raises(ClvError, match="an earlier list was named desk_fans, and what it earned is kept"),
    ):
        saving.save(fans, "anna", home)
    with pytest.raises(ClvError, match="nobody has saved a list desk_fans"):
        saving.remove("desk_fans", "bert", home)
