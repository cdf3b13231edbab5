"""Training learns from customers drawn at each origin. Their features are those of all customers at the origin."""

from __future__ import annotations

import random
import uuid
from datetime import date, datetime, timedelta

import pytest
from raw_rows import deliver, line

from clv.catalog import tables
from clv.core.settings import Settings
from clv.transform import dbt, dbt_environment
from clv.warehouse import db

pytestmark = pytest.mark.set_up

TRAINED = "2024-06-01"
ORIGINS = ["2023-11-15", "2024-03-03"]
WHO = [uuid.uuid5(uuid.NAMESPACE_OID, str(number)) for number in range(30)]


def history() -> list[dict]:
    """The orders and refunds of 30 customers over a year."""
    draws, first = random.Random(5), datetime(2023, 6, 1)  # noqa: S311, DTZ001 - no secret; times in raw have no zone
    lines = []
    for who in WHO:
        for number in range(draws.randint(1, 9)):
            at = (first + timedelta(minutes=draws.randint(0, 365 * 24 * 60))).isoformat()
            product, amount = draws.choice(["pen", "ink"]), f"{draws.uniform(1, 90):.2f}"
            order = f"{who}-{number}"
            lines.append(line(order, at, amount, product_id=product, customer_key=who))
            if draws.random() < 0.2:
                lines.append(line(f"r{order}", at, f"-{amount}", refund_of=order, customer_key=who))
    return lines


def train(home: Settings, run: str) -> set[tuple]:
    """Builds the examples; returns the (date, customer) drawn at the origins."""
    variables = {"as_of_date": TRAINED, "run_id": run, "training_date": TRAINED, "origins": [*ORIGINS, TRAINED]}
    dbt.build("training", variables, home)
    return set(
        db.rows(
            f"select as_of_date, customer_key from {tables.TRAINING_EXAMPLES} "
            "where run_id = %s and as_of_date < training_date",
            (run,),
        )
    )


def test_drawn_customers_have_the_features_of_all_and_stay_drawn(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(history())
    for layer in ("staging", "intermediate"):
        dbt.build(layer, {"as_of_date": TRAINED, "run_id": "r"}, home)
    for day in ORIGINS:
        dbt.build("features", {"as_of_date": day, "run_id": "r"}, home)
    variables = dbt_environment.shop_variables
    monkeypatch.setattr(dbt_environment, "shop_variables", lambda home: variables(home) | {"customers_per_origin": 6})
    drawn = train(home, "few")
    assert [sum(origin == date.fromisoformat(day) for origin, _ in drawn) for day in ORIGINS] == [6, 6]
    assert len({who for _, who in drawn}) > 6  # other customers at another origin

    named = "select attname::text from pg_attribute where attrelid = %s::regclass and attnum > 0 and not attisdropped"
    names = {name for (name,) in db.rows(named, (tables.CUSTOMER_FEATURES,))} - {"run_id"}
    assert {"gap_mean", "expected_gap_days", "order_value_std"} < names
    columns = ", ".join(sorted(names))
    different = f"""
        with drawn as (select row({columns}) as features, * from {tables.TRAINING_EXAMPLES} where run_id = 'few'),
        known as (select row({columns}) as features, as_of_date, customer_key from {tables.CUSTOMER_FEATURES})
        select count(*), count(*) filter (where not drawn.features *= known.features)
        from drawn inner join known using (as_of_date, customer_key)
    """
    assert db.rows(different) == [(12, 0)]
    at_training = f"select count(*) from {tables.TRAINING_EXAMPLES} where run_id = 'few' and as_of_date = training_date"
    assert db.rows(at_training)[0][0] > 6  # the model's references are those of all customers

    # If a drawn customer is erased, the others stay drawn, and one more takes the free place.
    gone = min(who for _, who in drawn)
    with db.connect() as connection:
        for table in (tables.INT_CUSTOMER_DAYS, tables.INT_OUTCOME_DAYS):
            connection.execute(f"delete from {table} where customer_key = %s", (gone,))
    without = train(home, "without")
    assert {pair for pair in drawn if pair[1] != gone} < without
    assert len(without) == len(drawn)
