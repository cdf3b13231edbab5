"""Outcomes (purchases and revenue of a window) are the same in training, the backtest, the scorecard and the
features."""

from __future__ import annotations

from datetime import date

import pytest
from raw_rows import customer, deliver, line, predict

from clv.catalog import tables
from clv.core.settings import Settings
from clv.evaluation import scorecard
from clv.evaluation.backtest import run
from clv.transform import dbt
from clv.warehouse import db

pytestmark = pytest.mark.set_up

ORIGIN, HORIZON, END, LATER = date(2024, 3, 1), 90, "2024-05-30", "2024-06-01"
RUN = f"{ORIGIN}.1"
RIGHT = {  # purchases and revenue in the window, by customer
    "a": (0, 0),  # ordered, and was refunded on the same day
    "b": (1, 0),  # ordered, and was refunded a week later
    "c": (1, 30),  # was refunded in part on the same day, and for the rest after the window
    "d": (0, 0),  # received something for free
    "e": (1, 15),  # exchanged an earlier purchase for something of a higher price
    "f": (0, 0),  # returned an earlier purchase
}


@pytest.fixture(scope="module")
def shop(module_home: Settings) -> Settings:
    """A home with six customers who all bought before the origin: a run is published, and a model is trained after the
    window."""
    deliver(
        [
            *(line(f"{who}1", "2024-01-10 10:00", "30.00", who) for who in RIGHT),
            line("a2", "2024-04-01 10:00", "50.00", "a"),
            line("ra2", "2024-04-01 15:00", "-50.00", "a", refund_of="a2"),
            line("b2", "2024-04-01 10:00", "50.00", "b"),
            line("rb2", "2024-04-08 10:00", "-50.00", "b", refund_of="b2"),
            line("c2", "2024-04-01 10:00", "50.00", "c"),
            line("rc2", "2024-04-01 12:00", "-20.00", "c", refund_of="c2"),
            line("rc3", "2024-05-30 00:00", "-30.00", "c", refund_of="c2"),
            line("d2", "2024-04-01 10:00", "0.00", "d"),
            line("re1", "2024-05-29 23:00", "-30.00", "e", refund_of="e1"),
            line("e2", "2024-05-29 23:00", "45.00", "e", product_id="ink"),
            line("rf1", "2024-03-01 00:00", "-30.00", "f", refund_of="f1"),
        ]
    )
    with db.connect() as connection:
        connection.cursor().executemany(
            f"insert into {tables.CUSTOMERS} (customer_key, source, customer_id) values (%s, 'shop', %s)",
            [(customer(who), who) for who in RIGHT],
        )
    variables = {"as_of_date": ORIGIN.isoformat(), "run_id": RUN}
    for layer in ("staging", "intermediate", "features"):
        dbt.build(layer, variables, module_home)
    dbt.build("features", {"as_of_date": END, "run_id": f"{END}.1"}, module_home)
    training = {"as_of_date": LATER, "run_id": f"{LATER}.1", "training_date": LATER, "origins": [ORIGIN.isoformat()]}
    dbt.build("training", training, module_home)
    predict(ORIGIN.isoformat(), RUN, **dict.fromkeys(RIGHT, (0.5, 100.0)))
    with db.connect() as connection:
        connection.execute(
            f"""insert into {scorecard.FORECASTS} (
                as_of_date, run_id, customer_key, horizon_days, currency, status, p_purchase, predicted_revenue
            ) select as_of_date, run_id, customer_key, horizon_days, 'GBP', status, p_purchase, predicted_revenue
            from {tables.CUSTOMER_PREDICTIONS}"""
        )
        connection.cursor().executemany(
            f"insert into {tables.PUBLICATIONS} (as_of_date, run_id, digest, rows_published)"
            " values (%s, %s, '', '{}')",
            [(ORIGIN, RUN), (LATER, f"{LATER}.1")],
        )
    return module_home


def test_training_learns_from_them(shop: Settings) -> None:
    columns = f"customer_key, (orders_next->>'{HORIZON}')::integer, (revenue_next->>'{HORIZON}')::numeric"
    found = db.rows(f"select {columns} from {tables.TRAINING_EXAMPLES} order by customer_key")
    assert found == [(customer(who), *right) for who, right in RIGHT.items()]


def test_the_backtest_judges_by_them(shop: Settings) -> None:
    found = run.rows(ORIGIN, RUN, HORIZON, shop)[["customer_id", "actual_orders", "actual_amount"]]
    assert list(found.itertuples(index=False, name=None)) == [(who, *right) for who, right in RIGHT.items()]


def test_the_scorecard_measures_by_them(shop: Settings) -> None:
    scorecard.measure()
    columns = "customers, share_bought, actual_revenue"
    ((customers, share_bought, revenue),) = db.rows(
        f"select {columns} from {tables.CLV_SCORECARD} where grouped_by = 'all' and horizon_days = {HORIZON}"
    )
    assert (customers, float(share_bought), revenue) == (6, 3 / 6, 45)


def test_the_features_count_them_once_they_are_over(shop: Settings) -> None:
    found = db.rows(
        f"""select later.customer_key, later.days_with_orders - earlier.days_with_orders
        from {tables.CUSTOMER_FEATURES} as later join {tables.CUSTOMER_FEATURES} as earlier using (customer_key)
        where later.as_of_date = %s and earlier.as_of_date = %s order by customer_key""",
        (END, ORIGIN),
    )
    assert found == [(customer(who), purchases) for who, (purchases, _) in RIGHT.items()]
