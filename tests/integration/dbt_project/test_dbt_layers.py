"""A shop of four customers through every layer: what each table says of it, worked out by hand."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from math import exp, log, sqrt

import psycopg
import pytest
from raw_rows import customer, decide, deliver, deliver_spend, line, predict, withdraw

from clv import dbt, model_choice, scorecard, settings, tables, warehouse

AS_OF, RUN = "2024-06-01", "2024-06-01.1"
VARIABLES = {"as_of_date": AS_OF, "run_id": RUN}
TRAINING = {
    "as_of_date": AS_OF,
    "run_id": RUN,
    "training_date": AS_OF,
    "origins": ["2024-03-03", "2024-02-03"],
}


def orders() -> list[dict]:
    """What the shop delivers first: every rule once. Customer c only ever gave something back, d was once
    given something."""
    pen = line("1", "2024-01-10 10:00", "19.99", category="desk", channel="web", country="FR", discount="-3.50")
    pen |= {"campaign": "spring", "discount_code": "TEN"}
    return [
        pen,
        pen,
        line("1", "2024-01-10 10:00", "30.01", product_id="ink", category="desk", channel="web", country="FR"),
        line("2", "2024-03-10 09:00", "40.00"),
        line("r1", "2024-04-01 12:00", "-10.00"),
        line("3", "2024-05-31 23:59:59", "70.005", who="b"),
        line("4", "2024-06-01 00:00", "500.00", who="b"),
        line("r2", "2024-02-01 08:00", "-5.50", who="c"),
        line("5", "2023-05-01 08:00", "20.00", who="d", cost="12.00"),
        line("5", "2024-06-05 08:00", "7.00", who="d", product_id="ink"),
        line("6", "2024-01-01 08:00", "1.00", who=None),
        line("7", "2024-01-01 08:00", None),
        line("10", "2024-02-20 08:00", "0.00", who="d", product_id="gift"),
        line("8", "2024-01-01 08:00", "9.00", _rule="test_order"),
    ]


SPEND = [
    ("2024-01-01", "web", "25.00"),
    ("2024-02-01", "poster", "5.00"),
    ("2024-05-31", "web", "30.00"),
    ("2024-06-01", "web", "100.00"),  # on the date: not before it
]


def table(name: str, columns: str = "*", where: str = "true") -> list[tuple]:
    """Rows of a table, in the order of the columns asked for."""
    return warehouse.rows(f"select {columns} from {name} where {where} order by {columns}")


@pytest.fixture(scope="module")
def shop(module_home: settings.Settings) -> dict:
    """The shop's warehouse with every layer built; gives the facts per layer."""
    deliver(orders(), "orders.csv", unreadable=1)
    deliver([line("2", "2024-03-10 09:00", "45.00")], "corrections.csv")
    withdraw(deliver([line("9", "2024-05-01 09:00", "999.00")], "mistake.csv"))
    deliver_spend(SPEND, "spend.csv")
    deliver_spend([("2024-01-01", "web", "30.00")], "spend-corrected.csv")
    facts = {
        layer: dbt.build(layer, VARIABLES, module_home) for layer in ("setup", "staging", "intermediate", "features")
    }
    facts["training"] = dbt.build("training", TRAINING, module_home)
    decide("m", "perennial", 0.25, published=True)
    decide("m", "last_year", 0.5, published=False)
    predict(AS_OF, RUN, a=(0.75, 100.0), b=(0.2, 50.0), c=None, d=(0.5, 50.0))
    with warehouse.connect() as connection:
        connection.execute(
            f"""update {tables.CUSTOMER_PREDICTIONS} set persona = case customer_key when %s then 'orders often, new'
                else 'long silent, few products' end
            where horizon_days = 365 and status = 'scored'""",
            (customer("a"),),
        )
    facts["analytics"] = dbt.build("analytics", VARIABLES, module_home)
    return facts


def test_every_row_received_is_accounted_for(shop: dict):
    counts = table(
        tables.STG_BATCH_COUNTS,
        "file_name, rows_received, rows_unreadable, rows_accepted, rows_duplicate, rows_replaced, rows_withdrawn, "
        "rows_by_rule, rows_missing_amount, rows_missing_customer, rows_set_aside",
    )
    assert counts == [
        ("corrections.csv", 1, 0, 1, 0, 0, 0, 0, 0, 0, 0),
        ("mistake.csv", 1, 0, 0, 0, 0, 1, 0, 0, 0, 1),
        ("orders.csv", 15, 1, 9, 1, 1, 0, 1, 1, 1, 4),
        ("spend-corrected.csv", 1, 0, 1, 0, 0, 0, 0, 0, 0, 0),
        ("spend.csv", 4, 0, 3, 0, 1, 0, 0, 0, 0, 1),
    ]
    reasons = {reason for (reason,) in table(tables.SET_ASIDE_LINES, "reason")}
    assert reasons == {"withdrawn", "replaced", "test_order", "missing_amount", "missing_customer"}
    assert shop["staging"]["rows"]["stg_order_lines"] == 10


def test_orders_and_refunds(shop: dict):
    found = table(tables.INT_ORDERS, "order_key, gross_revenue, cost, lines, products, main_category, channel")
    assert found == [
        ("shop:1", Decimal("50.00"), None, 2, 2, "desk", "web"),
        ("shop:10", Decimal("0.00"), None, 1, 1, None, None),
        ("shop:2", Decimal("45.00"), None, 1, 1, None, None),
        ("shop:3", Decimal("70.005"), None, 1, 1, None, None),
        ("shop:4", Decimal("500.00"), None, 1, 1, None, None),
        ("shop:5", Decimal("27.00"), None, 2, 2, None, None),
    ]
    assert table(tables.INT_REFUNDS, "refund_order_key, order_key, link, amount") == [
        ("shop:r1", "shop:2", "last_purchase", Decimal("-10.00")),
        ("shop:r2", None, "none", Decimal("-5.50")),
    ]


def test_features_count_what_lies_before_the_date(shop: dict):
    found = table(
        tables.CUSTOMER_FEATURES,
        "customer_key, orders_count, days_with_orders, revenue_total, revenue_90, t, distinct_products, "
        "historic_profit",
    )
    assert found == [
        (customer("a"), 2, 2, 85.0, 35.0, 143.0, 2.0, None),
        (customer("b"), 1, 1, 70.005, 70.005, 1.0, 1.0, None),
        (customer("c"), 0, 0, -5.5, 0.0, None, 0.0, None),
        (customer("d"), 1, 1, 20.0, 0.0, 397.0, 2.0, 8.0),
    ]


def test_examples_know_the_outcomes_of_closed_windows_only(shop: dict):
    outcomes = "(revenue_next->>'90')::float, (revenue_next->>'180')::float"
    found = table(tables.TRAINING_EXAMPLES, f"as_of_date, customer_key, orders_count, {outcomes}")
    first, second = date(2024, 2, 3), date(2024, 3, 3)
    assert found == [
        (first, customer("a"), 1, 35.0, None),
        (first, customer("c"), 0, 0.0, None),
        (first, customer("d"), 1, 0.0, None),
        (second, customer("a"), 1, 35.0, None),
        (second, customer("c"), 0, 0.0, None),
        (second, customer("d"), 1, 0.0, None),
    ]


def test_orders_as_analysts_see_them(shop: dict):
    found = table(
        "analytics_runs.fct_orders", "order_key, kind, order_number, gross_revenue, refunds, net_revenue, profit"
    )
    money = [(*row[:3], *map(str, row[3:])) for row in found]
    assert money == [
        ("shop:1", "order", 1, "50.00", "0.00", "50.00", "50.00"),
        ("shop:10", "free", None, "0.00", "0.00", "0.00", "0.00"),
        ("shop:2", "order", 2, "45.00", "-10.00", "35.00", "35.00"),
        ("shop:3", "order", 1, "70.01", "0.00", "70.01", "70.01"),
        ("shop:5", "order", 1, "20.00", "0.00", "20.00", "8.00"),
        ("shop:r2", "refund_only", None, "0.00", "-5.50", "-5.50", "-5.50"),
    ]


def test_orders_know_their_time_their_discount_and_when_they_were_refunded(shop: dict):
    said = table("analytics_runs.fct_orders", "order_key, campaign, discount_code", "campaign is not null")
    assert said == [("shop:1", "spring", "TEN")]
    columns = "order_key, ordered_at::text, discount::text, refunded_on::text, last_refunded_on::text"
    assert table("analytics_runs.fct_orders", columns) == [
        ("shop:1", "2024-01-10 10:00:00", "3.50", None, None),
        ("shop:10", "2024-02-20 08:00:00", "0.00", None, None),
        ("shop:2", "2024-03-10 09:00:00", "0.00", "2024-04-01", "2024-04-01"),
        ("shop:3", "2024-05-31 23:59:59", "0.00", None, None),
        ("shop:5", "2023-05-01 08:00:00", "0.00", None, None),
        ("shop:r2", "2024-02-01 08:00:00", "0.00", "2024-02-01", "2024-02-01"),
    ]


def test_lines_add_up_to_the_orders_they_count_for(shop: dict):
    columns = "order_key, product_id, is_refund, amount::text, discount::text, amount_before_discount::text, cost::text"
    assert table(tables.ORDER_LINES_OF_RUNS, columns) == [
        ("shop:1", "ink", False, "30.01", None, "30.01", None),
        ("shop:1", "pen", False, "19.99", "3.50", "23.49", None),
        ("shop:10", "gift", False, "0.00", None, "0.00", None),
        ("shop:2", "pen", False, "45.00", None, "45.00", None),
        ("shop:2", "pen", True, "-10.00", None, None, None),
        ("shop:3", "pen", False, "70.005", None, "70.005", None),
        ("shop:5", "pen", False, "20.00", None, "20.00", "12.00"),
        ("shop:r2", "pen", True, "-5.50", None, None, None),
    ]


def test_value_of_each_customer(shop: dict):
    found = table(
        "analytics_runs.customer_clv",
        "customer_key, status, historic_revenue, historic_profit, predicted_profit, predicted_clv, predicted_clv_p90, "
        "lifetime_clv, total_clv, value_tier, clv_percentile",
    )
    # d's line brought 8 of profit from 20: the shop's margin is 0.4. b and d are worth the same: b was worth more.
    assert [tuple(str(value) for value in row[1:]) for row in found] == [
        ("scored", "85.00", "85.00", "40.00", "36.00", "72.00", "180.00", "265.00", "Platinum", "100.0000"),
        ("scored", "70.01", "70.01", "20.00", "18.00", "36.00", "90.00", "160.01", "Medium", "66.6700"),
        ("too_little_data", "-5.50", "-5.50", "None", "None", "None", "None", "None", "None", "None"),
        ("scored", "20.00", "8.00", "20.00", "18.00", "36.00", "90.00", "98.00", "Low", "33.3300"),
    ]


def test_stages_and_churn(shop: dict):
    found = table("analytics_runs.customer_clv", "customer_key, churn_band, expected_next_order_on, lifecycle_stage")
    assert [row[1:] for row in found] == [
        ("medium", date(2024, 7, 16), "active"),  # 45 days ahead
        ("very high", None, "new"),
        (None, None, "no orders"),
        ("high", date(2024, 7, 16), "slipping"),
    ]


def test_summary_and_horizons_add_up(shop: dict):
    summary = "select sum(customers), sum(historic_revenue), sum(predicted_clv) from analytics_runs.segment_summary"
    assert warehouse.rows(summary) == [(4, Decimal("169.51"), Decimal("72.00"))]
    # d's order brings its cost, the others' do not, and the shop has set no margin.
    for name in ("customer_clv", "segment_summary", "channel_value"):
        assert warehouse.rows(f"select distinct profit_basis from analytics_runs.{name}") == [("costs and revenue",)]
    horizons = """
        select horizon_days, count(*), sum(predicted_revenue) from analytics_runs.customer_clv_horizons
        group by horizon_days order by horizon_days
    """
    assert warehouse.rows(horizons) == [
        (90, 4, Decimal("49.32")),
        (180, 4, Decimal("98.64")),
        (365, 4, Decimal("200.00")),
    ]


def test_reasons_add_up_to_the_forecast(shop: dict):
    # A reason's 10 of revenue are 3.60 of discounted profit, as 100 are 36; the average of 36, 18 and 18 is 24.
    found = table("analytics_runs.customer_clv", "customer_key, reasons, reasons_start, reasons_rest")
    start, why = Decimal("24.00"), [{"group": "spend", "reason": "why", "effect": 3.6}]
    assert [row[1:] for row in found] == [
        (why, start, Decimal("8.40")),
        (why, start, Decimal("-9.60")),
        (None, None, None),
        (why, start, Decimal("-9.60")),
    ]


def test_risk_reasons_add_up_to_the_churn_risk_in_percent(shop: dict):
    # Risks of 25, 80 and 50 % have the mean 51.67, and the one reason has 5 points.
    columns = "customer_key, risk_reasons, risk_reasons_start, risk_reasons_rest"
    start, why = Decimal("51.67"), [{"group": "recency", "reason": "ago", "effect": 5.0}]
    assert [row[1:] for row in table("analytics_runs.customer_clv", columns)] == [
        (why, start, Decimal("-31.67")),
        (why, start, Decimal("23.33")),
        (None, None, None),
        (why, start, Decimal("-6.67")),
    ]


def test_every_division_of_a_customer(shop: dict):
    found = table(
        "analytics_runs.customer_segments",
        "customer_key, segment, recency_quintile, frequency_quintile, monetary_quintile, value_band, is_valuable, "
        "is_saveable, value_at_stake::float, tags, expected_gap_days::float, gaps_silent::float",
    )
    # a's one gap between purchases was 60 days, and so is the shop's; it is 83 days since. Who bought once is held to
    # the shop's 60: d has been silent for 397, but an even chance to come back is not lost.
    assert [row[1:] for row in found] == [
        ("promising", 3, 5, 5, "high", True, False, 9, [], 60, 1.38),  # a quarter of 36
        ("new", 5, 1, 3, "middle", False, False, 14.4, [], 60, 0.02),
        ("no orders", None, None, None, None, False, False, None, [], None, None),
        ("needs attention", 1, 1, 1, "low", False, False, 9, [], 60, 6.62),
    ]
    assert table("analytics_runs.customer_segments", "customer_key, why_slipping") == [
        *((customer(who), None) for who in "abc"), (customer("d"), "silent for 397 days, an order was due after 60"),
    ]  # fmt: skip
    assert table("analytics_runs.customer_clv", "customer_key, days_overdue") == [
        (customer("a"), 23), (customer("b"), 0), (customer("c"), None), (customer("d"), 337),
    ]  # fmt: skip


# Customers, and the segment that is true of each.
PLACED = [
    # orders, days since the first, usual days between orders, days since the last, revenue, churn risk
    ((1, 90, 40, 90, 10, 0.6), "new"),
    ((1, 91, 40, 80, 10, 0.49), "promising"),
    ((1, 91, 40, 80, 10, 0.5), "needs attention"),
    ((1, 91, 40, 81, 10, None), "needs attention"),
    ((2, 400, 40, 10, 500, 0.2), "promising"),  # two orders make nobody a champion
    ((9, 400, 40, 80, 500, 0.49), "champions"),
    ((9, 400, 40, 80, 500, None), "champions"),
    ((9, 400, 40, 81, 500, None), "at risk"),
    ((9, 400, 40, 81, 500, 0.24), "champions"),  # late, and yet all but certain to come
    ((9, 400, 40, 80, 500, 0.66), "at risk"),  # on time, and yet unlikely to
    ((3, 200, 40, 80, 15, 0.49), "loyal"),
    ((3, 200, 40, 200, 15, 0.24), "loyal"),
    ((3, 300, 40, 240, 15, 0.89), "at risk"),
    ((3, 200, 40, 200, 15, 0.9), "lost"),
    ((3, 300, 40, 241, 15, None), "lost"),
    ((3, 300, 40, 241, 15, 0.74), "at risk"),
    ((3, 300, 40, 241, 15, 0.75), "lost"),
    ((1, 300, 40, 240, 15, 0.89), "needs attention"),
    ((1, 300, 40, 300, 500, 0.74), "at risk"),  # one large order
    ((1, 700, 40, 700, 15, 0.98), "lost"),
    ((2, 300, 20.5, 123, 15, None), "needs attention"),
    ((2, 300, 20.5, 124, 15, None), "lost"),
    ((0, None, None, None, -5, None), "no orders"),
    *[((2, 200, 40, 20, 20, 0.3), "promising")] * 25,  # between the others' revenue: 500 is of the highest fifth alone
]
STAGES = {
    "new": "new", "promising": "active", "champions": "active", "loyal": "active", "at risk": "slipping",
    "needs attention": "slipping", "lost": "lapsed", "no orders": "no orders",
}  # fmt: skip


def test_the_names_of_segments_are_true(shop: dict, module_home: settings.Settings):
    query = dbt.compiled("customer_stages", {"as_of_date": AS_OF, "run_id": "placed"}, module_home)
    known = "orders_count, first_order_on, expected_gap_days, days_since_last_order, revenue_total"
    with warehouse.connect() as connection:
        # Of these customers no more is known than what places them.
        connection.execute("create temporary table features (like features.customer_features)")
        for column in connection.execute(
            "select attname from pg_attribute where attrelid = 'features'::regclass and attnotnull and attnum > 0"
        ).fetchall():
            connection.execute(f"alter table features alter {column[0]} drop not null")  # type: ignore[arg-type]
        for number, ((orders, first, gap, silence, revenue, risk), _) in enumerate(PLACED):
            key, of = f"{number:032d}", (AS_OF, "placed")
            connection.execute(
                f"""insert into features (as_of_date, run_id, customer_key, {known})
                values (%s, %s, %s, %s, %s::date - %s::int, %s, %s, %s)""",
                (*of, key, orders, AS_OF, first, gap, silence, revenue),
            )
            connection.execute(
                f"""insert into {tables.CUSTOMER_PREDICTIONS} (as_of_date, run_id, customer_key, horizon_days, status,
                    p_purchase) values (%s, %s, %s, 365, 'scored', %s)""",
                (*of, key, None if risk is None else 1 - risk),
            )
        placed = re.sub(r'"\w+"\."features"\."customer_features"', "features", query)
        found = connection.execute(
            f"select segment, lifecycle_stage from ({placed}) as stages order by customer_key"  # type: ignore[arg-type]
        ).fetchall()
        connection.rollback()
    assert found == [(segment, STAGES[segment]) for _, segment in PLACED]


def test_moves_between_segments_since_thirty_days_before(shop: dict):
    found = table("analytics_runs.segment_transitions", "from_segment, to_segment, customers, historic_revenue")
    # Six gaps of silence were over then, with no forecast to speak for d.
    assert found == [
        ("lost", "needs attention", 1, Decimal("20.00")),
        ("no orders", "no orders", 1, Decimal("-5.50")),
        ("not yet a customer", "new", 1, Decimal("70.01")),
        ("promising", "promising", 1, Decimal("85.00")),
    ]


def test_cohorts_know_what_came_and_what_is_to_come(shop: dict):
    known = table(
        "analytics_runs.cohort_value", "cohort_month, month_number, active_customers, revenue, profit", "revenue <> 0"
    )
    assert [(f"{row[0]:%Y-%m}", *map(str, row[1:])) for row in known] == [
        ("2023-05", "0", "1", "20.00", "8.00"),
        ("2024-01", "0", "1", "50.00", "50.00"),
        ("2024-01", "2", "1", "35.00", "35.00"),
        ("2024-02", "0", "0", "-5.50", "-5.50"),  # never ordered
        ("2024-05", "0", "1", "70.01", "70.01"),
    ]
    columns = "month_number, predicted_revenue, cumulative_revenue, cumulative_revenue_low, cumulative_revenue_high"
    of_a = table(
        "analytics_runs.cohort_value", columns, "cohort_month = '2024-01-01' and month_number in (4, 5, 16, 24)"
    )
    # 100 a year evenly: 30 days bring 8.22. Of the 400 of the four years after, what comes by the
    # end of month 24, 610 days on, is ln(610 / 365) / ln(5). The band is 1.6 times the .25 that the model was off.
    after_a_year = 400 * log(610 / 365) / log(5)
    assert [tuple(map(float, row[1:])) for row in of_a[1:3]] == [
        (8.22, 93.22, pytest.approx(85 + 8.22 * 0.6, abs=0.01), pytest.approx(85 + 8.22 * 1.4, abs=0.01)),
        (8.49, 185.0, 145.0, 225.0),
    ]
    assert [row[0] for row in of_a] == [4, 5, 16, 24]
    assert of_a[0][1:] == (None, Decimal("85.00"), None, None)
    assert float(of_a[3][2]) == pytest.approx(185 + after_a_year, abs=0.01)


def test_totals_have_bounds_of_their_own_and_stand_beside_last_year(shop: dict):
    columns = "grouped_by, group_name, customers, predicted_revenue, predicted_revenue_low, predicted_revenue_high"
    found = {row[:2]: row[2:] for row in table("analytics_runs.forecast_totals", columns, "horizon_days = 365")}
    # 100, 50 and 50, each as wide as it is high: the sum's own variance is 15000 over 200 ^ 2, in logs ln(1.375). What
    # all share is .1 in logs; groups .05 more. The 90th percentile lies 1.2816 above the middle.
    own = log(1.375)
    around = [200 * exp(sign * 1.2816 * sqrt(0.1**2 + own) - own / 2) for sign in (-1, 1)]
    assert found["all", "all"][:2] == (3, Decimal("200.00"))
    assert [float(end) for end in found["all", "all"][2:]] == pytest.approx(around, abs=0.01)
    around = [100 * exp(sign * 1.2816 * sqrt(0.1**2 + 0.05**2 + log(2)) - log(2) / 2) for sign in (-1, 1)]
    assert found["value_tier", "Platinum"][:2] == (1, Decimal("100.00"))
    assert [float(end) for end in found["value_tier", "Platinum"][2:]] == pytest.approx(around, abs=0.01)
    assert sum(row[0] for (kind, _), row in found.items() if kind == "segment") == 3
    ends = "predicted_revenue_low, predicted_revenue_high"
    segments = table("analytics_runs.segment_summary", f"segment, {ends}", "customers_scored > 0")
    assert {row[0]: row[1:] for row in segments} == {
        name: row[2:] for (kind, name), row in found.items() if kind == "segment"
    }


def test_customers_to_come_are_as_many_as_came(shop: dict):
    columns = "horizon_days, grouped_by, last_year_revenue, new_customers, new_customers_revenue"
    found = table("analytics_runs.forecast_totals", columns, "grouped_by = 'all'")
    # a and b came in the last 190 of 380 days, and brought 85.00 and 70.01; b alone in the last 90. d, the third with
    # a forecast, came 380 days ago: before last year's days.
    first = warehouse.rows(f"select min(ordered_on) from analytics_runs.fct_orders where run_id = '{RUN}'")[0][0]
    half = (date.fromisoformat(AS_OF) - first).days // 2
    assert [row[2:] for row in found] == [
        (Decimal("0.00"), 1, Decimal("70.01")),
        (Decimal("0.00"), 2, Decimal("155.01")),
        (Decimal("155.01"), round(2 * 365 / half), round(Decimal("155.01") * 365 / half, 2)),
    ]
    assert table("analytics_runs.forecast_totals", "new_customers", "grouped_by <> 'all' and new_customers > 0") == []


def test_channels_know_what_a_customer_costs_and_brings(shop: dict):
    columns = "channel, customers, spend, cac, ltv, ltv_to_cac, payback_month, revenue, profit, predicted_clv"
    found = [[None if v is None else str(v) for v in row] for row in table("analytics_runs.channel_value", columns)]
    assert found == [
        # b, whose one order has no channel: its month is not over. d came before the days with ad spend.
        ["not known", "1", None, None, "88.01", None, None, "70.01", "70.01", "18.00"],
        ["poster", "0", "5.00", None, None, None, None, "0.00", "0.00", None],
        # a brought 50 in the month of the first order, and 35 two months later
        ["web", "1", "60.00", "60.00", "121.00", "2.02", "2", "85.00", "85.00", "36.00"],
    ]
    assert set(table("analytics_runs.channel_value", "covered_from, covered_to")) == {
        (date(2024, 1, 1), date(2024, 5, 31))
    }


def test_channels_by_month_of_acquisition(shop: dict):
    columns = (
        "channel, cohort_month::text, customers, revenue, ltv, covered_customers, spend, cac, ltv_to_cac, payback_month"
    )
    found = [[None if v is None else str(v) for v in row] for row in table("analytics_runs.channel_cohorts", columns)]
    assert found == [
        ["not known", "2023-05-01", "1", "20.00", "26.00", "0", None, None, None, None],  # d: before any spend is known
        ["not known", "2024-05-01", "1", "70.01", "88.01", "1", None, None, None, None],
        ["poster", "2024-02-01", "0", "0.00", None, "0", "5.00", None, None, None],
        ["web", "2024-01-01", "1", "85.00", "121.00", "1", "30.00", "30.00", "4.03", "0"],
        ["web", "2024-05-01", "0", "0.00", None, "0", "30.00", None, None, None],
    ]


def test_months_to_come_add_up_to_the_horizons(shop: dict):
    columns = "month::text, from_on::text, days, customers, expected_orders, predicted_revenue, revenue_year_before"
    found = table("analytics_runs.forecast_months", columns)
    assert [row[:4] for row in found[:2]] == [("2024-06-01", "2024-06-01", 30, 3), ("2024-07-01", "2024-07-01", 31, 3)]
    assert [row[0] for row in found[-2:]] == ["2025-04-01", "2025-05-01"]
    # Orders of the year before: one each in January, March and May, of 31 days, so that a day in each weighs the same
    # and no other day weighs. The first 90 days, June to 29 August, know none of these and are even: 49.32 over 90.
    # Nor does the piece to day 180, 27 November. Of the rest, 101.36, a third comes in each.
    by_month = {row[0][:7]: row[5] for row in found}
    assert by_month["2024-06"] == round(Decimal("49.32") * 30 / 90, 2)
    assert by_month["2024-12"] == by_month["2025-02"] == 0
    for month in ("2025-01", "2025-03", "2025-05"):
        assert float(by_month[month]) == pytest.approx(101.36 / 3, abs=0.01)
    assert sum(by_month.values()) == Decimal("200.00")
    assert sum(row[4] for row in found) == Decimal("1.45")
    assert {row[0][:7]: row[6] for row in found if row[6]} == {
        "2025-01": Decimal("50.00"), "2025-03": Decimal("35.00"), "2025-05": Decimal("70.01"),
    }  # fmt: skip


def test_what_drives_the_value_of_a_group(shop: dict):
    columns = "customers, active_customers, orders_count, average_order_value, purchase_frequency"
    columns += ", customers_before, retention"
    found = table("analytics_runs.customer_economics", columns, "grouped_by = 'all'")
    # a ordered twice and b once in the year before; d in the year before that, and did not come back.
    assert [tuple(map(str, row)) for row in found] == [("3", "2", "3", "51.67", "1.5000", "1", "0.0000")]
    columns = "name, expected_lifetime_years, repurchase_clv, predicted_clv, lifetime_clv"
    found = table("analytics_runs.customer_economics", columns, "grouped_by = 'channel'")
    assert [[None if v is None else str(v) for v in row] for row in found] == [
        ["not known", "1.00", "0.00", "18.00", "90.00"],
        ["web", None, None, "36.00", "180.00"],
    ]


def test_personas_are_described_and_assigned(shop: dict):
    columns = "persona, name, customers, share_of_customers, average_orders_count, average_order_value, predicted_clv"
    found = [tuple(map(str, row)) for row in table("analytics_runs.personas", columns)]
    assert found == [
        ("long-silent--few-products", "long silent, few products", "2", "0.6667", "1.00", "45.01", "36.00"),
        ("orders-often--new", "orders often, new", "1", "0.3333", "2.00", "42.50", "36.00"),
    ]
    assert table("analytics_runs.customer_segments", "customer_key, persona") == [
        (customer("a"), "orders-often--new"),
        (customer("b"), "long-silent--few-products"),
        (customer("c"), None),
        (customer("d"), "long-silent--few-products"),
    ]


def test_cohorts_and_segments_add_up_to_the_orders(shop: dict):
    sums = """
        select
            (select sum(net_revenue) from analytics_runs.fct_orders),
            (select sum(revenue) from analytics_runs.cohort_value),
            (select sum(customers) from analytics_runs.cohort_value where month_number = 0),
            (select sum(customers) from analytics_runs.segment_transitions)
    """
    assert warehouse.rows(sums) == [(Decimal("169.51"), Decimal("169.51"), 4, 4)]


def test_facts_count_the_rows(shop: dict):
    assert shop["features"]["rows"] == {
        "customer_features": 4,
        "fct_orders": 6,
        "order_line_states": 1,
        "customer_segments_before": 3,
        "channel_spend": 2,
        "channel_month_spend": 3,
    }
    assert shop["analytics"]["rows"]["customer_clv_horizons"] == 12


def test_published_rows_show_at_once_and_only_to_readers_of_analytics(shop: dict):
    views = ["customer_clv", "customer_clv_history", "fct_orders", "dim_customer", "segment_summary"]
    views += ["customer_reasons", "customer_segments_history", "fct_order_lines"]
    counts = "select " + ", ".join(f"(select count(*) from analytics.{view})" for view in views)
    with warehouse.connect() as connection:
        connection.execute("set role clv_analyst")
        assert connection.execute(counts).fetchone() == (0, 0, 0, 0, 0, 0, 0, 0)  # type: ignore[arg-type]
        connection.execute("reset role")
        connection.execute(
            f"insert into {tables.PUBLICATIONS} (as_of_date, run_id, digest, rows_published)"
            " values (%s, %s, '', '{}')",
            (AS_OF, RUN),
        )
        connection.execute("set role clv_analyst")
        assert connection.execute(counts).fetchone() == (4, 4, 6, 4, 4, 18, 4, 8)  # type: ignore[arg-type]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("select from analytics_runs.customer_clv")
        connection.rollback()


def test_every_table_and_column_has_a_comment(shop: dict):
    query = """
        select relation.oid::regclass::text || coalesce('.' || attname, '')
        from pg_class as relation
        join pg_namespace as schema on schema.oid = relation.relnamespace
        cross join lateral (
            select 0 as attnum, null as attname
            union all
            select attnum, attname from pg_attribute where attrelid = relation.oid and attnum > 0 and not attisdropped
        ) as column_or_table
        where relkind in ('r', 'v')
            and nspname in ('staging', 'intermediate', 'features', 'analytics_runs', 'analytics')
            and col_description(relation.oid, attnum) is null and (attnum > 0 or obj_description(relation.oid) is null)
    """
    assert warehouse.rows(query) == []


def test_setting_up_again_changes_nothing(shop: dict, module_home: settings.Settings):
    state = """
        select
            (select count(*) from staging.stg_order_lines),
            (select count(*) from features.customer_features),
            (select count(*) from analytics_runs.customer_clv),
            -- A view's rule is written anew with its definition.
            (
                select array_agg(pg_rewrite.xmin::text order by pg_rewrite.oid)
                from pg_rewrite join pg_class on pg_class.oid = ev_class
                where relnamespace = 'analytics'::regnamespace
            )
    """
    before = warehouse.rows(state)
    dbt.build("setup", {}, module_home)
    assert warehouse.rows(state) == before


def as_analyst(query: str) -> list[tuple]:
    with warehouse.connect() as connection:
        connection.execute("set role clv_analyst")
        return connection.execute(query).fetchall()  # type: ignore[arg-type]


def publish(as_of: str, run_id: str) -> None:
    with warehouse.connect() as connection:
        connection.execute(
            f"insert into {tables.PUBLICATIONS} (as_of_date, run_id, digest, rows_published)"
            " values (%s, %s, '', '{}')",
            (as_of, run_id),
        )


def test_the_quality_of_each_tables_data_in_five_dimensions(shop: dict):
    publish(AS_OF, RUN)
    judged = [
        # expectation, dimension, success, observed, rows judged
        ("staging.stg_order_lines: has_rows", "availability", True, "10", 10),
        ("staging.stg_order_lines: amount_not_null", "completeness", True, "0", 10),
        ("staging.stg_order_lines: weekly_volume", "completeness", False, "1", 10),
        ("staging.stg_order_lines: newest_order", "timeliness", True, "2024-05-28 09:00:00", 10),
        ("analytics_runs.customer_clv: has_rows", "availability", True, "4", 4),
        ("analytics_runs.customer_clv: revenue_reconciles", "consistency", True, "0", 4),
        ("analytics_runs.customer_clv: judged_before_there_were_any", None, True, "0", 4),
    ]
    with warehouse.connect() as connection:
        for run_id in (RUN, "2024-06-01.9"):  # the second is not published
            connection.cursor().executemany(
                f"""insert into {tables.GATE_RESULTS} (
                    run_id, as_of_date, gate, expectation, severity, dimension, success, observed, rows_judged
                ) values (%s, %s, 'g', %s, 'warning', %s, %s, %s, %s)""",
                [(run_id, AS_OF, *row) for row in judged],
            )
    found = as_analyst("select * from analytics.data_quality order by table_name, dimension")
    assert {row[:2] for row in found} == {(date(2024, 6, 1), RUN)}
    new = "The newest order was of 2024-05-28, 4 days before the date."
    nothing = "Nothing is expected of the table here."
    assert [row[2:] for row in found] == [
        ("analytics.customer_clv", "accuracy", None, 0, 4, nothing),
        ("analytics.customer_clv", "availability", Decimal("1"), 1, 4, "There, with 4 rows."),
        ("analytics.customer_clv", "completeness", None, 0, 4, nothing),
        ("analytics.customer_clv", "consistency", Decimal("1"), 1, 4, "Met: all 1."),
        ("analytics.customer_clv", "timeliness", Decimal("0.5714"), 1, 4, new),  # 3 of 7 days too old
        ("staging.stg_order_lines", "accuracy", None, 0, 10, nothing),
        ("staging.stg_order_lines", "availability", Decimal("1"), 1, 10, "There, with 10 rows."),
        (
            "staging.stg_order_lines", "completeness", Decimal("0.5"), 2, 10,
            "Met: 1 of 2. Not met: weekly_volume.",
        ),
        ("staging.stg_order_lines", "consistency", None, 0, 10, nothing),
        ("staging.stg_order_lines", "timeliness", Decimal("0.5714"), 1, 10, new),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("newest", "score"), [("2024-05-31 23:59:59", 1), ("2024-05-24 00:00:00", 0), ("2023-01-01 00:00:00", 0)]
)
def test_orders_are_new_for_a_day_and_old_after_a_week_more(shop: dict, newest: str, score: int):
    with warehouse.connect() as connection:
        connection.execute(
            f"""insert into {tables.GATE_RESULTS} (
                run_id, as_of_date, gate, expectation, severity, dimension, success, observed, rows_judged
            ) values (%s, %s, 'g', 'staging.stg_order_lines: newest_order', 'warning', 'timeliness', true, %s, 10)
            on conflict (run_id, gate, expectation) do update set observed = excluded.observed""",
            (RUN, AS_OF, newest),
        )
    assert as_analyst("select distinct score from analytics.data_quality where dimension = 'timeliness'") == [(score,)]


def test_a_matured_forecast_of_the_published_run_is_shown_against_what_happened(shop: dict):
    publish(AS_OF, RUN)
    publish("2024-08-30", "2024-08-30.1")  # 90 days on
    assert scorecard.measure() == {"measured": 1, "measured_again": 0}
    columns = "horizon_days, matured_on, customers, predicted_revenue, actual_revenue, bias, coverage_80, share_bought"
    found = as_analyst(f"select {columns} from analytics.clv_scorecard where grouped_by = 'all'")
    # Said: 90 of 365 days of 100, 50 and 50. What came: b 500 on the very date; d 7, which alone lies within .5 to 2
    # times what was said, and belongs to an order placed before.
    assert [tuple(map(str, row)) for row in found] == [
        ("90", "2024-08-30", "3", "49.32", "507.00", "-0.9027", "0.3333", "0.3333")
    ]
    # Medians are .9 of the means: they miss by 22.19, 488.9 and 4.1.
    wape, error = as_analyst("select wape, mean_absolute_error from analytics.clv_scorecard where grouped_by = 'all'")[
        0
    ]
    assert float(wape) == pytest.approx(515.19 / 507, abs=1e-3)
    assert float(error) == pytest.approx(515.19 / 3, abs=0.1)
    tiers = as_analyst("select customers from analytics.clv_scorecard where grouped_by = 'value_tier'")
    assert sum(customers for (customers,) in tiers) == 3
    publish(AS_OF, "2024-06-01.2")  # another run holds
    assert as_analyst("select from analytics.clv_scorecard") == []


def test_what_training_measured_is_shown(shop: dict, module_home: settings.Settings):
    row = {
        "horizon_days": 90, "origin": "2024-03-03", "contestant": "perennial", "metric": "auc", "value": 0.75,
        "published": True,
    }  # fmt: skip
    for value in (0.5, 0.75):  # what was kept before is replaced
        model_choice.record_decisions("m2", date(2024, 6, 1), [], [{**row, "value": value}], module_home)
    found = as_analyst("select model_version, origin, contestant, metric, value from analytics.model_backtest")
    assert found == [("m2", date(2024, 3, 3), "perennial", "auc", 0.75)]


def test_the_units_of_the_sql(shop: dict, module_home: settings.Settings):
    assert dbt.unit_tests(module_home) == 18
