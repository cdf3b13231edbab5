"""Personal data are only in the schema pii, consent is kept, shared groups have ten customers or more, old copies are
deleted."""

from __future__ import annotations

import os
import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import traces
import yaml
from psycopg.rows import dict_row

from clv import sources
from clv.core import settings
from clv.pipeline import upkeep
from clv.privacy import retention
from clv.reporting import gates
from clv.reporting.report.sections import customers
from clv.transform import dbt
from clv.warehouse import db, runs
from expectations.gates import judge
from spark_jobs import score

pytestmark = pytest.mark.set_up

AS_OF = date(2024, 6, 1)
PLANTED = ["planted@mail.example", "Planted Person", "+49 30 5550199", "Plantedstreet 7"]
HEADER = "customer_id,order_id,ordered_at,amount,email,name,phone,address,agreed"
PII = ("pii.customers", "pii.unreadable_texts")
MAPPING = {
    "customer": "customer_id",
    "order": "order_id",
    "time": "ordered_at",
    "amount": "amount",
    "person": {"email": "email", "name": "name", "consent": "agreed"},
}


def row(customer: str, day: str, agreed: str = "", amount: str = "9.50", order: str = "") -> str:
    return ",".join([customer, order or f"{customer}-{day}", day, amount, *PLANTED, agreed])


@pytest.fixture(scope="module")
def shop(module_home: settings.Settings) -> settings.Settings:
    """A home whose orders contain all kinds of personal data, with published tables, dbt's documentation and
    reports."""
    (module_home.home / "sources").mkdir()
    (module_home.home / "sources" / "shop.yml").write_text(yaml.safe_dump(MAPPING))
    rows = [
        row("a", "2024-01-05", "Yes"), row("a", "2024-03-05"),
        row("b", "2024-01-05", "yes"), row("b", "2024-02-05", "no"),
        row("c", "2024-01-05", "no"), row("c", "2024-06-05", "yes"),
        row("d", "2024-01-05", "perhaps"), row("e", "2024-01-05", "1"), row("e", "2024-01-05", "0", order="e2"),
        row("f", "2024-01-05", "true", amount="much"), row("", "2024-01-06"), row("g", "2024-02-05", "subscribed"),
    ]  # fmt: skip
    path = module_home.landing / "shop" / "orders.csv"
    path.parent.mkdir(parents=True)
    path.write_text("\n".join([HEADER, *rows, "too,short"]) + "\n")
    sources.landing(module_home)
    run_id = runs.open_run(AS_OF, "test")
    build(module_home, run_id, ("staging", "intermediate", "features", "analytics"))
    for gate in ("raw", "staging"):
        judge(gate, AS_OF, run_id, gates.write)
    publish(run_id)
    return module_home


def build(home: settings.Settings, run_id: str, layers: tuple[str, ...]) -> None:
    for layer in layers:
        if layer == "analytics":
            score.write_too_little_data(home, AS_OF, run_id, "too few customers")
        dbt.build(layer, {"as_of_date": str(AS_OF), "run_id": run_id}, home)


def publish(run_id: str) -> None:
    with db.connect() as connection:
        connection.execute(
            "insert into analytics.publications (as_of_date, run_id, digest, rows_published) values (%s, %s, '', '{}')",
            (AS_OF, run_id),
        )


def test_persons_stay_in_pii(shop):
    assert traces.in_tables(PLANTED) == [*PII]
    outside = [name for name in traces.in_files(PLANTED, shop.home) if not name.startswith(("landing/", "received/"))]
    assert outside == []
    assert any("dbt/" in str(path) for path in shop.home.rglob("*.json"))  # dbt's output was searched too
    assert all(path.stat().st_mode & 0o077 == 0 for path in (shop.home / "received").iterdir())


def test_only_who_agreed_may_be_written_to(shop):
    of_whom = "from analytics.{} join pii.customers using (customer_key) order by customer_id"
    assert db.rows(f"select customer_id, may_contact {of_whom.format('dim_customer')}") == [
        ("a", True),
        ("b", False),
        ("c", False),  # agreed after the as-of date
        ("d", None),
        ("e", False),  # said yes and no at the same time
        ("g", True),
    ]
    assert db.rows(f"select customer_id {of_whom.format('contactable_customers')}") == [("a",), ("g",)]


def test_whom_to_win_back(shop):
    values = {"a": (True, 50), "b": (True, 450), "g": (True, 56)}  # is_saveable and value_at_stake
    for change, expected in [
        ({}, [("g", 1, 56), ("a", 2, 50)]),  # b refused contact
        ({"a": (False, 50), "g": (True, None)}, [("g", 1, None)]),
        ({"a": (False, 50), "g": (False, 56)}, []),
    ]:
        with db.connect() as connection:
            for who, (saveable, at_stake) in (values | change).items():
                connection.execute(
                    """update analytics_runs.customer_segments
                    set is_saveable = %s, value_at_stake = %s, why_slipping = 'why'
                    where customer_key = (select customer_key from pii.customers where customer_id = %s)""",
                    (saveable, at_stake, who),
                )
            query = """
                select customer_id, place, value_at_stake from analytics.win_back
                join pii.customers using (customer_key)
            """
            assert connection.execute(query).fetchall() == expected
            why = connection.execute("select reason from analytics.win_back").fetchall()
            assert why == [("why",)] * len(expected)
            connection.rollback()


def test_a_run_of_an_earlier_version_says_why_to_win_back_by_the_silence(shop):
    with db.connect() as connection:
        connection.execute(
            """update analytics_runs.customer_segments
            set is_saveable = true, why_slipping = null, expected_gap_days = 30.4
            where customer_key = (select customer_key from pii.customers where customer_id = 'a')"""
        )
        connection.execute("update analytics_runs.customer_clv set last_order_on = as_of_date - 95")
        reasons = connection.execute("select reason from analytics.win_back").fetchall()
        connection.rollback()
    assert reasons == [("silent for 95 days, usually 30 between orders",)]


@pytest.mark.parametrize(("include", "expected"), [(False, ["g", "a"]), (True, ["g", "d", "a"])])
def test_the_page_and_the_list_show_the_same_customers_consent_included(shop, include, expected):
    at_stake = {"a": 50, "b": 450, "d": 55, "g": 56}  # b refused contact, d was never asked
    ((run_id,),) = db.rows("select distinct run_id from analytics.customer_clv")
    with db.connect() as connection:
        for who, amount in at_stake.items():
            connection.execute(
                """update analytics_runs.customer_segments set is_saveable = true, value_at_stake = %s
                where customer_key = (select customer_key from pii.customers where customer_id = %s)""",
                (amount, who),
            )
        if include:
            connection.execute("update analytics_runs.dim_customer set may_be_contacted = may_contact is not false")
        query = "select customer_key, customer_id from analytics.win_back join pii.customers using (customer_key)"
        names = connection.execute(f"{query} order by place").fetchall()
        with connection.cursor(row_factory=dict_row) as cursor:
            values = {"as_of": AS_OF, "run_id": run_id, "listed": customers.LISTED}
            page = cursor.execute(customers.TO_KEEP, values).fetchall()
        connection.rollback()
    assert [name for _, name in names] == expected
    assert [row["customer_key"] for row in page if row["contactable"]] == [key for key, _ in names]
    assert {(row["of_all"], row["contactable_of_all"]) for row in page} == {(4, len(expected))}


def test_customers_without_an_answer_are_counted_and_on_lists_only_by_the_shops_policy(shop, monkeypatch):
    counts = "sum(customers_contactable), sum(customers_agreed), sum(customers_refused), sum(customers_consent_unknown)"
    assert db.rows(f"select {counts} from analytics.segment_summary") == [(2, 2, 3, 1)]
    run_id = runs.open_run(AS_OF, "test")
    build(shop.with_shop(unknown_consent="include"), run_id, ("features", "analytics"))
    publish(run_id)
    try:
        assert db.rows(f"select {counts} from analytics.segment_summary") == [(3, 2, 3, 1)]
        listed = "analytics.contactable_customers join pii.customers using (customer_key)"
        assert db.rows(f"select customer_id, may_contact from {listed} order by 1") == [
            ("a", True),
            ("d", None),
            ("g", True),
        ]
    finally:
        with db.connect() as connection:
            connection.execute("delete from analytics.publications where run_id = %s", (run_id,))


def test_no_group_under_ten_is_shared(shop):
    drawn = random.Random(8)  # noqa: S311 - sizes of groups
    sizes = [[9], [3, 4], [10], [12, 1], [30, 4, 4], [11, 40, 9], [5, 5, 5, 60], [10, 10, 10], *(
        [drawn.choice([1, 2, 3, 9, 10, 11, 25]) for _ in range(drawn.randint(1, 12))] for _ in range(25)
    )]  # fmt: skip
    for number, groups in enumerate(sizes, 1):
        with db.connect() as connection:
            for group, size in enumerate(groups):
                connection.execute(
                    """
                    insert into analytics_runs.customer_clv (as_of_date, run_id, customer_key, horizon_days, currency,
                        status, orders_count, historic_revenue, historic_profit, churn_risk, segment, lifecycle_stage,
                        predicted_clv)
                    select %s, %s, gen_random_uuid(), 365, 'GBP', 'too_little_data', 2, 5, 5, 0.5, %s, 'new',
                        case when number <= %s then 7 end
                    from generate_series(1, %s) as number
                    """,
                    (AS_OF, f"drawn-{number}", f"segment {group}", drawn.randint(0, size), size),
                )
        publish(f"drawn-{number}")
        shown = db.rows(
            "select segment, customers, orders_count, historic_revenue, predicted_clv from analytics.shared_segments"
        )
        assert all(customers >= 10 for _, customers, *_ in shown), groups
        assert all(clv is None or clv >= 10 * 7 for *_, clv in shown), groups
        assert sum(customers for _, customers, *_ in shown) == (sum(groups) if sum(groups) >= 10 else 0)
        assert all((orders, revenue) == (2 * customers, 5 * customers) for _, customers, orders, revenue, _ in shown)
        alone = [size for size in groups if size >= 10]
        assert len(shown) >= len(alone) - (sum(size for size in groups if size < 10) < 10)


def test_what_is_old_goes_and_the_counts_stay(home, tmp_path: Path):
    (home.home / "sources").mkdir()
    (home.home / "sources" / "shop.yml").write_text(yaml.safe_dump(MAPPING))
    for name, customer in (("old", "a"), ("new", "b")):
        path = tmp_path / f"{name}.csv"
        path.write_text("\n".join([HEADER, row(customer, "2024-01-05"), row(customer, "soon")]) + "\n")
        sources.load("shop", path, home)
    today = datetime.now(UTC).date()
    past = datetime.now(UTC) - timedelta(days=40)
    with db.connect() as connection:
        for table in (
            "raw.batches where batch_id = 1",
            "quarantine.unreadable_rows where batch_id = 1",
            "pii.customers",
        ):
            name, _, condition = table.partition(" where ")
            connection.execute(f"update {name} set loaded_at = %s where {condition or 'true'}", (past,))  # type: ignore[arg-type]
    old, new = sorted((home.home / "received").iterdir(), key=lambda path: path.stat().st_mtime)
    exported = [home.home / "exports" / "crm" / f"win_back-{day}.csv" for day in ("2024-06-01", "2024-06-02")]
    exported[0].parent.mkdir(parents=True)
    for path in exported:
        path.write_text("customer_id\n1\n")
    for path in (old, exported[0]):
        os.utime(path, (past.timestamp(), past.timestamp()))
    assert "personal" not in upkeep.run(today=today)
    (home.home / "shop.json").write_text('{"retention_days": 30}')
    removed = upkeep.run(today=today)["personal"]
    assert removed == {"texts": 1, "reasons": 1, "addresses": 1, "copies": 1, "exports": 1}
    assert [path.exists() for path in exported] == [False, True]
    assert list((home.home / "received").iterdir()) == [new]
    assert db.rows("select customer_id, email from pii.customers order by 1") == [("a", None), ("b", PLANTED[0])]
    assert db.rows("select reason from quarantine.unreadable_rows order by batch_id") == [
        ("ordered_at … is not a time",),
        ("ordered_at 'soon' is not a time",),
    ]
    assert db.rows("select rows_received, rows_unreadable from raw.batches") == [(2, 1), (2, 1)]
    assert set(retention.run(home, today - timedelta(days=30)).values()) == {0}
