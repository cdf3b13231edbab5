"""Uplift learned from an experiment of the home: published where choosing by customer pays, and removed otherwise."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import small_warehouse as small
from typer.testing import CliRunner

from clv.catalog import tables
from clv.cli import app
from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.decisions.uplift import of_home
from clv.warehouse import db, publication

DAY, END, LATER = date(2024, 3, 1), date(2024, 3, 31), date(2024, 4, 5)
CUSTOMERS = 1200
KEY = "('eeeeeeee-0000-4000-8000-' || lpad(number::text, 12, '0'))::uuid"


@pytest.fixture(autouse=True)
def _one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARK_MASTER", "local[1]")


@pytest.fixture(scope="module")
def shop(module_home: Settings) -> Settings:
    """An experiment that began on DAY with customers of two tiers; every second of each is in the arm `mail`."""
    small.make_tables()
    publish(DAY)
    small.execute(
        f"""insert into {tables.EXPERIMENTS} (experiment, started_on, run_id, definition)
        values ('mail', '{DAY}', 'x', '{{"arms": {{"mail": 50, "control": 50}}, "window_days": 30}}')"""
    )
    small.execute(
        f"""insert into {tables.EXPERIMENT_ASSIGNMENTS}
        select 'mail', {KEY}, case number / 2 % 2 when 0 then 'mail' else 'control' end, {tier()}, 1
        from generate_series(1, {CUSTOMERS}) as number"""
    )
    return module_home


def tier() -> str:
    return "case number % 2 when 0 then 'high' else 'low' end"


def publish(day: date, spent: str = "0") -> None:
    """Publishes a run of all customers, each with one order within the window. spent: SQL for what it brought."""
    run_id = small.ready_run(day.isoformat())
    customers = f"from generate_series(1, {CUSTOMERS}) as number"
    with db.connect() as connection:
        connection.execute(
            f"""insert into analytics_runs.customer_clv (as_of_date, run_id, customer_key, horizon_days, currency,
                status, value_tier, segment, orders_count)
            select '{day}'::date, '{run_id}', {KEY}, 365, 'EUR', 'scored', {tier()}, 'loyal', number % 7 {customers}"""
        )
        connection.execute(
            f"insert into analytics_runs.dim_customer select '{day}', '{run_id}', {KEY}, 'GB', true, true {customers}"
        )
        connection.execute(
            f"""insert into analytics_runs.fct_orders
            select '{day}', '{run_id}', 'e' || number, {KEY}, '{DAY}', {spent} {customers}"""
        )
    publication.publish(day, run_id)


def test_it_waits_for_the_end_of_the_window(shop: Settings) -> None:
    publish(DAY + timedelta(days=3))
    with pytest.raises(ClvError, match="mail runs until 2024-03-31; learn from it then, or stop it"):
        of_home.past("mail", shop)


def test_uplift_is_published_where_choosing_pays(shop: Settings) -> None:
    # The mail adds 20.00 to those of the high tier, and takes 10.00 from the others.
    publish(
        END, "50 + number % 9 + case number / 2 % 2 when 0 then case number % 2 when 0 then 20 else -10 end else 0 end"
    )
    shown = CliRunner().invoke(app, ["experiment", "uplift", "mail", "--cost", "1"])
    assert shown.exit_code == 0, shown.exception
    assert "Recommended: choose the arm by customer" in shown.stdout
    assert "published: analytics.customer_uplift, 1,200 customers of mail" in shown.stdout
    query = f"""
        select value_tier, arm, cost, recommended, count(*), avg(uplift) from {tables.CUSTOMER_UPLIFT}
        join analytics_runs.customer_clv using (customer_key) where as_of_date = %s group by 1, 2, 3, 4 order by 1, 2
    """
    found = [(*row, pytest.approx(uplift, abs=1)) for *row, uplift in db.rows(query, (END,))]
    assert found == [
        ("high", "control", 0, False, 600, 0),
        ("high", "mail", 1, True, 600, 20),
        ("low", "control", 0, True, 600, 0),
        ("low", "mail", 1, False, 600, -10),
    ]


def test_what_is_not_recommended_any_more_is_removed(shop: Settings) -> None:
    publish(LATER, "50 + number % 9")  # refunds took the effect away
    shown = CliRunner().invoke(app, ["experiment", "uplift", "mail"])
    assert "No choice by customer is recommended" in shown.stdout
    assert shown.stdout.splitlines()[-1] == "not published: analytics.customer_uplift has no rows of mail"
    assert db.rows(f"select count(*) from {tables.CUSTOMER_UPLIFT}") == [(0,)]
