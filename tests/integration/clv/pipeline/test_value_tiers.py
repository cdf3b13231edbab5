"""Value tiers over two days of a shop, through published runs: a customer near a boundary stays where the month's model
placed them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from faults import shop as shops

from clv.catalog import tables
from clv.core import settings
from clv.pipeline import daily
from clv.pipeline.tasks import models
from clv.warehouse import db

pytestmark = pytest.mark.set_up

DAYS = [date(2022, 10, 5), date(2022, 10, 6)]
TIERS = [(1, "Platinum"), (5, "Gold"), (10, "Silver"), (25, "Bronze"), (50, "Medium"), (100, "Low")]
REFERENCES = f"select * from {tables.REFERENCE_PREDICTIONS} order by model_version, customer_key"
VALUES = """
    select customer_key, predicted_clv, historic_revenue, value_tier from analytics.customer_clv_history
    where as_of_date = %s and predicted_clv is not null
"""


@pytest.fixture(scope="module")
def home(module_home: settings.Settings) -> settings.Settings:
    """A shop with two days published, the later one first."""
    home = shops.set_up(module_home)
    for day in reversed(DAYS):
        daily.run(day)
    return home


def percent_above(worth: dict) -> dict:
    """The percentage of customers with a higher value, for each. worth: predicted value and revenue to date by
    customer."""
    order = sorted(worth, key=lambda key: (-worth[key][0], -worth[key][1], key))
    return {key: Decimal(100 * place) / len(order) for place, key in enumerate(order)}


def tier(now: Decimal, then: Decimal | None) -> str:
    """The tier by the rule: on the side of each boundary on which the model placed the customer, unless the rank has
    passed the boundary by a tenth of it."""
    for end, name in TIERS:
        room = 0 if then is None or end == 100 else Decimal(end) / 10 * (1 if then < end else -1)
        if now < end + room:
            return name
    raise AssertionError(now)


def test_tiers_are_held_to_where_the_months_model_saw_customers(home: settings.Settings):
    model, then = set(), {}
    for version, key, revenue, factor, _, historic in db.rows(REFERENCES):
        model.add(version)
        then[key] = (round(Decimal(revenue * factor), 2), round(Decimal(historic), 2))
    known = f"select count(distinct customer_key) from {tables.INT_CUSTOMER_DAYS} where day < '2022-10-01'"
    assert [(len(then),)] == db.rows(known)
    then = percent_above(then)
    held = 0
    for day in DAYS:
        rows = db.rows(VALUES, (day,))
        now = percent_above({key: (value, historic) for key, value, historic, _ in rows})
        assert {key: name for key, _, _, name in rows} == {key: tier(now[key], then.get(key)) for key in now}
        held += sum(name != tier(now[key], None) for key, _, _, name in rows)
        assert any(key not in then for key in now)  # customers who are new since then
    assert held
    versions = "select distinct model_version from analytics.customer_clv_history where model_version is not null"
    assert [(version,) for version in model] == db.rows(versions)


def test_missing_references_are_made_again_with_the_same_values(home: settings.Settings):
    before, run_id = db.rows(REFERENCES), daily.open_run(DAYS[1], "test")
    assert not models.train(DAYS[1], run_id)["trained"]
    with db.connect() as connection:
        connection.execute(f"delete from {tables.REFERENCE_PREDICTIONS}")
    assert not models.train(DAYS[1], run_id)["trained"]
    assert db.rows(REFERENCES) == before
