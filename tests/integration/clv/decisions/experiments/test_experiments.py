"""An experiment from its plan to its end, on a small warehouse; expected values computed by hand."""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import psycopg
import pytest
import small_warehouse as small
from typer.testing import CliRunner

from clv.catalog import tables
from clv.cli import app
from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.decisions.experiments import assigning, definitions, following, planning, reading, wording
from clv.warehouse import db, publication
from clv.warehouse.roles import PUBLISHER

EARLIER, DAY = date(2024, 1, 1), date(2024, 3, 1)
LATER, END = DAY + timedelta(days=10), DAY + timedelta(days=30)
# 20 customers of the high and 20 of the low tier, all of whom agreed, and 10 who did not.
KEYS = [f"dddddddd-0000-4000-8000-0000000000{number:02}" for number in range(50)]
MAIL = """
population: "currency = 'EUR' and segment not like 'lost%'"
arms: {mail: 50, control: 50}
outcome: revenue
window_days: 30
guards: [orders]
"""


@pytest.fixture(scope="module")
def shop(module_home: Settings) -> Settings:
    """Customers at two published dates. After the first, the high tier spent 40.00 or 60.00, 20 of the low 10.00."""
    small.make_tables()
    small.make_views()
    small.execute(
        "create view analytics.contactable_customers as select * from analytics.dim_customer where may_be_contacted;"
        "grant select on analytics.contactable_customers to clv_analyst"
    )
    small.let_analyst_in(module_home)
    (module_home.home / "experiments").mkdir()
    publish(EARLIER, {})
    spent = {key: 40.0 + 20 * (number % 2) if number < 20 else 10.0 for number, key in enumerate(KEYS[:40])}
    publish(DAY, {(key, EARLIER + timedelta(days=3)): money for key, money in spent.items()})
    (module_home.home / "experiments" / "mail.yml").write_text(MAIL)
    return module_home


def publish(day: date, orders: dict[tuple[str, date], float], refused: Collection[str] = KEYS[40:]) -> None:
    """Publishes a run of these customers, whose orders before it are the given ones."""
    run_id = small.ready_run(day.isoformat())
    with db.connect() as connection:
        for number, key in enumerate(KEYS):
            tier, forecast = ("high", 50.0) if number < 20 else ("low", 10.0)
            connection.execute(
                """insert into analytics_runs.customer_clv (as_of_date, run_id, customer_key, horizon_days, currency,
                    status, value_tier, segment, predicted_revenue, expected_orders, p_purchase)
                values (%s, %s, %s, 365, 'EUR', 'scored', %s, 'loyal', %s, 1, 0.5)""",
                (day, run_id, key, tier, forecast),
            )
            connection.execute(
                "insert into analytics_runs.dim_customer values (%s, %s, %s, 'GB', %s, %s)",
                (day, run_id, key, key not in refused, key not in refused),
            )
        for number, ((key, on), money) in enumerate(orders.items()):
            connection.execute(
                "insert into analytics_runs.fct_orders values (%s, %s, %s, %s, %s, %s)",
                (day, run_id, f"e{number}", key, on, money),
            )
    publication.publish(day, run_id)


def arms(name: str = "mail") -> dict[str, str]:
    query = f"select customer_key::text, arm from {tables.EXPERIMENT_ASSIGNMENTS} where experiment = %s"
    return dict(db.rows(query, (name,)))


def test_a_plan_takes_the_variance_from_customers_of_a_past_date(shop: Settings) -> None:
    found = planning.plan("mail", definitions.load("mail", shop), shop)
    assert (found.day, found.customers, found.by_arm) == (DAY, 40, {"mail": 20, "control": 20})
    # At the earlier date, whom the condition selects counts whether they agreed or not: 20 with a mean of 50.00 and 30
    # of whom 20 spent 10.00.
    assert (found.past_day, found.past_customers) == (EARLIER, 50)
    own = next(one for one in found.windows if one.days == 30)
    assert own.mean == pytest.approx((20 * 50 + 20 * 10) / 50)
    # Variances within the tiers are 20 / 19 x 10^2, and 30 / 29 x 10^2 x (2 / 3)(1 / 3) = 22.9885.
    assert own.deviation_left**2 == pytest.approx(0.4 * 2000 / 19 + 0.6 * 22.9885, abs=1e-3)
    assert [one.days for one in found.windows] == [7, 14, 28, 30, 56]


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("colour = 1", 'cannot be run: column "colour" does not exist; `clv dictionary` describes customer_clv'),
        ("orders_count / 0 > 1", "cannot be run: division by zero"),
        ("orders_count", "cannot be run: argument of AND must be type boolean, not type integer"),
    ],
)
def test_a_condition_that_cannot_be_run_is_one_line(shop: Settings, condition: str, message: str) -> None:
    wrong = definitions.Definition(population=condition)
    with pytest.raises(ClvError) as error:
        planning.plan("mail", wrong, shop)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_condition_may_only_read_what_is_published(shop: Settings) -> None:
    with pytest.raises(ClvError, match="cannot be run"):
        planning.plan("mail", definitions.Definition(population="lo_import('/etc/passwd') > 0"), shop)


def test_an_experiment_does_not_begin_in_the_past(shop: Settings) -> None:
    with pytest.raises(ClvError, match=r"is 2024-03-01, so days .*; run `clv run --as-of 2024-03-04` first"):
        assigning.start("mail", definitions.load("mail", shop), shop, DAY + timedelta(days=3))


def test_an_experiment_from_start_to_end(shop: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    run = CliRunner().invoke
    monkeypatch.setattr("clv.core.dates.today", lambda: DAY + timedelta(days=2))
    shown = run(app, ["experiment", "start", "mail"])
    assert "mail begins on 2024-03-01 and lasts 30 days: mail 20, control 20" in shown.stdout
    assert "send to mail: clv export mail.mail --to DESTINATION" in shown.stdout
    assert "mail.control" not in shown.stdout
    arm_of = arms()
    assert set(arm_of) == set(KEYS[:40])  # nobody without consent
    with pytest.raises(ClvError, match="mail was started before, and its arms stay as they are"):
        assigning.start("mail", definitions.load("mail", shop), shop, DAY)
    with pytest.raises(ClvError, match="began on 2024-03-01, and no later day is published"):
        reading.read("mail", None, shop)
    # In the first ten days everybody in the mail arm buys for 30.00, and in the control every second one for 20.00.
    mailed, control = (sorted(key for key, arm in arm_of.items() if arm == name) for name in ("mail", "control"))
    orders = {(key, DAY): 30.0 for key in mailed} | {(key, LATER - timedelta(days=1)): 20.0 for key in control[::2]}
    publish(LATER, {**orders, (mailed[0], DAY - timedelta(days=1)): 900.0})  # before the window
    assert following.read_all(shop) == 1
    early = reading.read("mail", None, shop)
    assert (early.state, early.days, early.customers) == (reading.RUNNING, 10, {"mail": 20, "control": 20})
    publish(END, {**orders, (mailed[0], END): 900.0})  # after the window
    shown = run(app, ["experiment", "read", "mail"])
    assert "mail, started on 2024-03-01: its 30 days are over (mail 20, control 20)" in shown.stdout
    assert "Mail did better than control: net revenue +20.00 EUR per customer" in shown.stdout
    assert "Mail did better than control: orders +0.500 per customer" in shown.stdout
    query = f"""select state, days_read, mean, control_mean, difference from {tables.EXPERIMENT_RESULTS}
        where metric = %s and as_of_date = '{END}'"""
    assert db.rows(query, ("revenue",)) == [("closed", 30, 30.0, 10.0, 20.0)]
    assert db.rows(query, ("orders",)) == [("closed", 30, 1.0, 0.5, 0.5)]
    assert reading.read("mail", LATER, shop).state == reading.RUNNING
    assert following.read_all(shop) == 0
    with pytest.raises(ClvError, match="the 30 days of mail are over"):
        assigning.stop("mail", shop)


def test_who_is_no_customer_any_more_is_not_read(shop: Settings) -> None:
    definition = definitions.Definition(window_days=60, contact=False, guards=("opt_outs",))
    assigning.start("letter", definition, shop, END)
    assert len(arms("letter")) == 53
    one, other = [key for key in KEYS[:40] if arms("letter")[key] == "act"][:2]
    day = END + timedelta(days=5)
    publish(day, {}, refused=(other, *KEYS[40:]))
    small.execute("delete from analytics_runs.dim_customer where customer_key = %s and as_of_date = %s", (one, day))
    assert assigning.stop("letter", shop) == day
    found = reading.read("letter", None, shop)
    assert (found.state, found.days, sum(found.customers.values())) == (reading.STOPPED, 5, 52)
    # One has refused since the start; those who had refused before do not count, nor do answers after the day.
    guard = found.comparisons[-1]
    assert (guard.metric, guard.mean * guard.customers, guard.control_mean) == ("opt_outs", pytest.approx(1), 0)
    assert reading.read("letter", END + timedelta(days=4), shop).comparisons[-1].mean == 0
    with pytest.raises(ClvError, match="letter was stopped on"):
        assigning.stop("letter", shop)
    # An erasure removes assignments. 12 of one arm are too many; that 14 and 26 are left would be nothing special.
    lost = [key for key, arm in arms("letter").items() if arm == "act"][:12]
    small.execute(f"delete from {tables.EXPERIMENT_ASSIGNMENTS} where customer_key = any(%s::uuid[])", [lost])
    assert reading.read("letter", None, shop).state == reading.MISMATCH


def test_read_outs_of_a_date_at_once_leave_one(shop: Settings) -> None:
    found = reading.read("letter", None, shop)
    messages = wording.messages(found)
    small.execute(f"delete from {tables.EXPERIMENT_RESULTS} where experiment = 'letter'")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: reading.record(found, messages, shop), range(8)))
    assert db.rows(f"select count(*) from {tables.EXPERIMENT_RESULTS} where experiment = 'letter'") == [(1,)]
    assert (found.state, following.read_all(shop)) == (reading.MISMATCH, 0)  # it was read at its end


def test_assignments_cannot_be_changed_by_the_pipeline(shop: Settings) -> None:
    with db.connect(shop.url_as(PUBLISHER)) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(f"update {tables.EXPERIMENT_ASSIGNMENTS} set arm = 'mail'")


def test_what_was_not_started_is_not_read(shop: Settings) -> None:
    with pytest.raises(ClvError, match="catalogue was not started; run `clv experiment start catalogue`"):
        reading.read("catalogue", None, shop)
