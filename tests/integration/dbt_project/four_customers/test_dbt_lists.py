"""Who is on which list: by hand for a few customers, and by its laws for many drawn ones."""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import dbt_calls
import pytest
from four_customers import AS_OF
from raw_rows import customer

from clv.core import settings
from clv.core.errors import ClvError
from clv.warehouse import db

SEED = "analytics_runs.lists"
TABLES = {
    "customer_clv": "analytics_runs",
    "customer_segments": "analytics_runs",
    "dim_customer": "analytics_runs",
    "customer_features": "features",
}
# list_name, priority, rule, channel, cap, holdout_share, reason
LISTS = [
    ("best", 1, "value_band = 'high'", "email", 2, 0, "{orders_count} orders, {predicted_clv} expected"),
    ("half", 2, "orders_count >= 1", "email", None, 0.5, "{churn_risk as percent} risk"),
    ("call", 3, "orders_count >= 1 or not (orders_count >= 1)", "phone", 1, 0, "the shop's first"),
    ("rest", 4, "orders_count < 1", "email", None, 0.1, "nothing since {last_order_on}"),
]


@pytest.fixture(scope="module")
def query(shop: dict, module_home: settings.Settings) -> str:
    """The SQL of list_members for the lists above, over temporary tables in place of the run's."""
    with with_lists(LISTS):
        compiled = dbt_calls.compiled("list_members", {"as_of_date": AS_OF, "run_id": "listed"}, module_home)
    for name, schema in TABLES.items():
        compiled = re.sub(rf'"\w+"\."{schema}"\."{name}"', name, compiled)
    return compiled


@contextmanager
def with_lists(lists: list[tuple]) -> Iterator[None]:
    """Replaces the rows of the seed within the block."""
    with db.connect() as connection:
        connection.execute(f"create table public.kept as select * from {SEED}")
        connection.execute(f"delete from {SEED}")
        connection.cursor().executemany(
            f"""insert into {SEED} (list_name, priority, rule, channel, cap, holdout_share, reason, title, action,
                needs_approval) values (%s, %s, %s, %s, %s, %s, %s, 'A list', 'write', true)""",
            lists,
        )
    try:
        yield
    finally:
        with db.connect() as connection:
            connection.execute(f"delete from {SEED}")
            connection.execute(f"insert into {SEED} select * from public.kept")
            connection.execute("drop table public.kept")


def listed(query: str, customers: dict[str, dict[str, Any]], experiments: tuple = ()) -> list[tuple]:
    """The members of the lists, in the order of lists and places: list, customer, place, arm, values and reason.

    customers: of each, by key, the orders, the forecast (None without one), the risk, the revenue, whether the value
    band is high, and whether they may be contacted. experiments: of each, the customer, the first day, the first day
    after a stop (or None) and the definition.
    """
    with db.connect() as connection:
        for name, schema in TABLES.items():
            connection.execute(f"create temporary table {name} (like {schema}.{name})")
            for (column,) in connection.execute(
                "select attname from pg_attribute where attrelid = %s::regclass and attnotnull and attnum > 0", (name,)
            ).fetchall():
                connection.execute(f"alter table {name} alter {column} drop not null")
        for key, one in customers.items():
            of = {"as_of_date": AS_OF, "run_id": "listed", "customer_key": key}
            clv, risk = one["clv"], one["risk"]
            _insert(
                connection, "customer_clv", **of, orders_count=one["orders"], historic_revenue=one["revenue"],
                predicted_clv=clv, predicted_clv_low=clv and clv / 2, predicted_clv_high=clv and clv * 2,
                churn_risk=risk, currency="GBP", last_order_on="2024-05-01",
            )  # fmt: skip
            band = "high" if one["high"] else "low"
            _insert(connection, "customer_segments", **of, value_band=band, value_at_stake=clv and clv * risk)
            _insert(connection, "dim_customer", **of, may_be_contacted=one["consent"])
            _insert(connection, "customer_features", **of)
        for number, (key, day, stopped, definition) in enumerate(experiments):
            name = f"experiment_{number}"
            _insert(
                connection, "ops.experiments", experiment=name, started_on=day, run_id="r", stopped_on=stopped,
                definition=json.dumps({"window_days": 10, **definition}),
            )  # fmt: skip
            _insert(
                connection, "ops.experiment_assignments", experiment=name, customer_key=key, arm="any", value_band="",
                forecast=0,
            )  # fmt: skip
        columns = "list_name, customer_key::text, place, arm, value_at_stake, value_at_stake_p10, value_at_stake_p90"
        order = "array_position(array['best', 'half', 'call', 'rest'], list_name), place"
        found = connection.execute(f"select {columns}, reason from ({query}) as members order by {order}").fetchall()
        connection.rollback()
    return found


def _insert(connection: Any, table: str, **row: Any) -> None:
    places = ", ".join(["%s"] * len(row))
    connection.execute(f"insert into {table} ({', '.join(row)}) values ({places})", list(row.values()))


def one(clv: float | None, revenue: int = 10, high: bool = True, consent: bool = True, orders: int = 2) -> dict:
    value = None if clv is None else Decimal(clv)
    risk = None if clv is None else Decimal("0.5")
    return {"clv": value, "risk": risk, "revenue": revenue, "high": high, "consent": consent, "orders": orders}


def arm(list_name: str, key: str, share: float) -> str:
    """The arm by its definition, computed apart from the SQL."""
    drawn = int(hashlib.sha256(f"{list_name} {key}".encode()).hexdigest()[:8], 16) / 2**32
    return "hold out" if drawn < share else "act"


def test_lists_take_customers_by_priority_and_value_at_stake(query: str):
    a, b, c, d, e, f = (str(customer(who)) for who in "abcdef")
    shop = {
        a: one(60),
        b: one(40, revenue=10),
        c: one(40, revenue=11),  # as much at stake as b, and more revenue
        d: one(None, revenue=99, high=False),
        e: one(900, consent=False),
        f: one(8, high=False, orders=0),
    }
    money = lambda *amounts: tuple(Decimal(amount) for amount in amounts)  # noqa: E731
    none = (None, None, None)
    assert listed(query, shop) == [
        ("best", a, 1, "act", *money("30.00", "15.00", "60.00"), "2 orders, 60.00 GBP expected"),
        ("best", c, 2, "act", *money("20.00", "10.00", "40.00"), "2 orders, 40.00 GBP expected"),
        ("half", b, 1, arm("half", b, 0.5), *money("20.00", "10.00", "40.00"), "50 % risk"),  # no room in best
        ("half", d, 2, arm("half", d, 0.5), *none, "unknown risk"),
        ("call", a, 1, "act", *money("30.00", "15.00", "60.00"), "the shop's first"),  # another channel
        ("rest", f, 1, arm("rest", f, 0.1), *money("4.00", "2.00", "8.00"), "nothing since 2024-05-01"),
    ]


def test_lists_leave_out_the_customers_of_experiments_that_run_on_the_date(query: str):
    a, b, c, d, e, f = (str(customer(who)) for who in "abcdef")
    shop = {key: one(60, high=False) for key in (a, b, c, d, e, f)} | {b: one(70, high=False)}
    day = date.fromisoformat(AS_OF)
    begun, over = day - timedelta(days=9), day - timedelta(days=10)
    experiments = (
        (a, day, None, {}),  # every channel
        (b, begun, None, {"channel": "email", "contact": False}),
        (c, over, None, {}),
        (d, begun, day, {}),
        (e, day + timedelta(days=1), None, {}),
        (f, day, None, {"contact": False}),  # contacts nobody
    )
    found = listed(query, shop, experiments)
    assert {key for name, key, *_ in found if name == "half"} == {c, d, e, f}
    assert [key for name, key, *_ in found if name == "call"] == [b]  # has room for one


def test_the_laws_of_lists_hold_for_any_customers(query: str):
    drawn = random.Random(17)  # noqa: S311 - customers
    meets = {
        "best": lambda each: each["high"],
        "half": lambda each: each["orders"] >= 1,
        "call": lambda _: True,
        "rest": lambda each: each["orders"] < 1,
    }
    for size in (0, 1, 3, 40, 200):
        shop = {
            str(UUID(int=drawn.getrandbits(128))): one(
                drawn.choice([None, 0, 10, 20, 30]), drawn.randint(0, 3), drawn.random() < 0.3, drawn.random() < 0.6,
                drawn.choice([0, 1, 5]),
            )
            for _ in range(size)
        }  # fmt: skip
        found = listed(query, shop)
        of_list, of_channel = defaultdict(list), defaultdict(list)
        for name, key, place, group, *_ in found:
            share = next(row[5] for row in LISTS if row[0] == name)
            assert shop[key]["consent"]
            assert meets[name](shop[key])
            assert group == arm(name, key, share)
            of_list[name].append(key)
            assert place == len(of_list[name])
            of_channel["phone" if name == "call" else "email"].append(key)
        for keys in of_channel.values():
            assert len(keys) == len(set(keys))
        for name, _, _, channel, cap, *_ in LISTS:
            assert cap is None or len(of_list[name]) <= cap
            # Who could be on the list and is on no list of its channel has less at stake than its last member.
            for key, each in shop.items():
                if each["consent"] and meets[name](each) and key not in of_channel[channel]:
                    assert len(of_list[name]) == cap
                    assert _at_stake(each) <= _at_stake(shop[of_list[name][-1]])


def _at_stake(each: dict) -> tuple:
    return (-1, 0) if each["clv"] is None else (each["clv"], 0)


def test_a_hold_out_has_its_share_and_is_another_in_each_list(query: str):
    shop = {str(UUID(int=number)): one(10, high=False, orders=number % 2) for number in range(2000)}
    held = {key for _, key, _, group, *_ in listed(query, shop) if group == "hold out"}
    halves = {key for key in shop if arm("half", key, 0.5) == "hold out"}
    assert 900 < len(halves) < 1100
    both = {key for key in halves if arm("rest", key, 0.5) == "hold out"}
    assert 400 < len(both) < 600  # a half of the half: lists are drawn apart
    assert held == {
        key
        for key, each in shop.items()
        if arm(*(("half", key, 0.5) if each["orders"] else ("rest", key, 0.1))) == "hold out"
    }


@pytest.mark.parametrize(
    ("rule", "reason", "says"),
    [
        ("orders_count > 'many'", "why", "the rule of the list mine cannot be used: invalid input syntax for type"),
        ("orders_count", "why", "the rule of the list mine cannot be used: argument of WHERE must be type boolean"),
        ("orders = 1", "why", "the rule of the list mine cannot be used: orders is no column"),
        ("true", "{segment as money}", "the reason of the list mine cannot be used: "),
    ],
)
def test_a_list_that_cannot_be_used_stops_the_build(
    shop: dict, module_home: settings.Settings, rule: str, reason: str, says: str
):
    with with_lists([("mine", 1, rule, "email", None, 0, reason)]), pytest.raises(ClvError, match=says) as raised:
        dbt_calls.compiled("list_members", {"as_of_date": AS_OF, "run_id": "listed"}, module_home)
    assert "correct it in dbt_project/seeds/lists.csv" in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1
