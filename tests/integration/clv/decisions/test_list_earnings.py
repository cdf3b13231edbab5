"""What lists have earned, from who came on them, who went out and what they ordered; expected values by hand."""

from __future__ import annotations

from datetime import date, timedelta

import psycopg
import pytest
import small_warehouse as small

from clv.core.settings import Settings
from clv.decisions.lists import earnings
from clv.warehouse import db, publication

DAY, READ = date(2024, 3, 1), date(2024, 4, 10)
LATE = READ - timedelta(days=29)  # a window that begins then is not over
ACT = [f"a1a1a1a1-0000-4000-8000-0000000000{number:02}" for number in range(40)]
HELD = [f"b1b1b1b1-0000-4000-8000-0000000000{number:02}" for number in range(40)]
NEW = "c1c1c1c1-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def shop(module_home: Settings) -> Settings:
    """A list with 40 customers in either arm whose windows are over, and one whose window is not. Those to act on spent
    20.00 or 40.00, those held out nothing or 20.00; half of it is profit."""
    small.make_tables()
    small.execute(
        "create table analytics_runs.lists (list_name text, cost_per_contact numeric);"
        "insert into analytics_runs.lists values ('back', 0.5)"
    )
    small.hand_over()
    with db.connect() as connection:
        run_id = small.ready_run(READ.isoformat())
        for name, priority in (("back", 1), ("other", 2)):
            connection.execute(
                """insert into analytics_runs.list_summary (as_of_date, run_id, list_name, title, priority, currency,
                    customers) values (%s, %s, %s, %s, %s, 'EUR', 1)""",
                (READ, run_id, name, name.title(), priority),
            )
        for number, (act, held) in enumerate(zip(ACT, HELD, strict=True)):
            money = 20.0 * (number % 2)
            enter(connection, run_id, act, "act")
            enter(connection, run_id, held, "hold out")
            order(connection, run_id, act, DAY, 20 + money)
            order(connection, run_id, held, DAY + timedelta(days=29), money)
        enter(connection, run_id, NEW, "act", LATE)
        for who, on in ((ACT[0], DAY - timedelta(days=1)), (HELD[0], DAY + timedelta(days=30)), (NEW, LATE)):
            order(connection, run_id, who, on, 900)
        connection.execute("update analytics_runs.fct_orders set profit = net_revenue / 2")
        # Thirty went out, ten of them to two destinations, ten again and one after the window; one was refused.
        for number, who in enumerate(ACT[:31]):
            state = "sent" if number < 30 else "refused"
            send(connection, run_id, who, "crm", state=state)
            if number < 10:
                send(connection, run_id, who, "ads")
                send(connection, run_id, who, "crm", DAY + timedelta(days=20), "unsure")
        send(connection, run_id, ACT[0], "crm", DAY + timedelta(days=30))
        send(connection, run_id, NEW, "crm", LATE)
        send(connection, run_id, HELD[0], "crm", DAY + timedelta(days=9))
    publication.publish(READ, run_id)
    return module_home


def enter(connection: psycopg.Connection, run_id: str, who: str, arm: str, day: date = DAY) -> None:
    connection.execute("insert into ops.list_entries values ('back', %s, %s, %s, 0.5, 'Gold', 0)", (who, day, arm))
    connection.execute(
        "insert into analytics_runs.dim_customer values (%s, %s, %s, 'GB', true, true)", (READ, run_id, who)
    )


def order(connection: psycopg.Connection, run_id: str, who: str, on: date, money: float) -> None:
    connection.execute(
        "insert into analytics_runs.fct_orders values (%s, %s, %s, %s, %s, %s)",
        (READ, run_id, f"{who}{on}", who, on, money),
    )


def send(connection: psycopg.Connection, run_id: str, who: str, to: str, day: date = DAY, state: str = "sent") -> None:
    connection.execute(
        """insert into ops.exports (list_name, as_of_date, customer_key, destination, run_id, channel, batch,
            idempotency_key, state) values ('back', %s, %s, %s, %s, 'email', 1, 'k', %s)""",
        (day, who, to, run_id, state),
    )


def read(columns: str, metric: str = "profit", name: str = "back") -> tuple:
    query = f"select {columns} from ops.list_earnings where list_name = %s and metric = %s"  # noqa: S608 - of the test
    return db.rows(query, (name, metric))[0]


def test_a_list_earns_what_its_customers_brought_more_than_those_held_out(shop: Settings) -> None:
    assert earnings.read_all(shop) == 1
    assert read("state, entered, customers, held_out, contacted, contacts, first_on, as_of_date") == (
        "earned", 81, 40, 40, 30, 40, DAY, READ,
    )  # fmt: skip
    assert read("mean, held_out_mean, difference, earned, cost, net") == pytest.approx((15, 5, 10, 400, 20, 380))
    assert read("earned, cost, net", "revenue") == (pytest.approx(800), None, None)
    # Both arms have the variance 5^2 x 40 / 39, so that the error is the root of 2 x 25.641 / 40.
    low, high, daily = read("difference_low, difference_high, always_valid_low")
    assert (high - low) / 2 == pytest.approx(1.9908 * (2 * 25.641 / 40) ** 0.5, rel=1e-3)
    assert 0 < daily < low
    assert read("message")[0].endswith(
        "Less 20.00 EUR for 40 contacts: 380 EUR net. 1 of those held out went out too, so less is seen."
    )
    assert read("mean, held_out_mean, earned", "orders") == (1, 1, None)
    assert read("state, title, entered, message", name="other") == (
        "never exported", "Other", 0,
        "Nothing: the list never went out, neither daily nor by `clv export other --to DESTINATION`.",
    )  # fmt: skip


def test_who_is_no_customer_any_more_does_not_count(shop: Settings) -> None:
    small.execute("delete from analytics_runs.dim_customer where customer_key = any(%s::uuid[])", [HELD[:11]])
    assert earnings.read_all(shop) == 1
    assert read("state, held_out, difference") == ("too few", 29, None)


def test_what_is_waited_for_is_the_first_window_with_a_hold_out(shop: Settings) -> None:
    for who, day, share in ((ACT[0], DAY, 0), (NEW, LATE, 0.5)):
        small.execute("insert into ops.list_entries values ('other', %s, %s, 'act', %s, 'Gold', 0)", [who, day, share])
    assert earnings.read_all(shop) == 2
    assert read("state, first_on, entered, message", name="other") == (
        "waiting", DAY, 2, "Nothing is known yet: of 1 customer who came on the list with a hold-out, the first 30 "
        f"days are over on {LATE + timedelta(days=30)}.",
    )  # fmt: skip


def test_a_list_that_is_made_no_more_keeps_its_title(shop: Settings) -> None:
    with db.connect() as connection:
        for name in ("gone", "forgotten", "back"):
            connection.execute(
                """insert into analytics_runs.list_summary (as_of_date, run_id, list_name, title, priority, currency,
                    customers) values (%s, %s, %s, %s, 3, 'EUR', 1)""",
                (DAY, "earlier", name, f"{name} before"),
            )
        connection.execute("insert into ops.list_entries values ('gone', %s, %s, 'act', 0.5, 'Gold', 0)", (NEW, LATE))
    assert earnings.read_all(shop) == 3
    titles = db.rows("select list_name, title, currency from ops.list_earnings where metric = 'orders' order by 1")
    assert titles == [("back", "Back", "EUR"), ("gone", "gone before", "EUR"), ("other", "Other", "EUR")]
