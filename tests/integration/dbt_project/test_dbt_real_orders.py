"""Online Retail II through every layer, compared with plain DuckDB queries over the file. Its forecasts are
invented."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from real_orders import ACCEPTED, BRIDGE, DATES, build, results

from clv.catalog import tables
from clv.core import settings
from clv.warehouse import db

pytestmark = pytest.mark.set_up


@pytest.fixture(scope="module")
def shop(module_home: settings.Settings, real_data: Path) -> Path:
    """A warehouse with the features of each date; returns the file's path."""
    file = real_data / "online_retail_ii.parquet"
    build(module_home, file)
    return file


def test_every_row_received_is_accounted_for(shop: Path):
    counts = "rows_received, rows_accepted + rows_set_aside + rows_duplicate + rows_unreadable, rows_duplicate"
    assert db.rows(f"select {counts} from {tables.STG_BATCH_COUNTS}") == [(1_067_370, 1_067_370, 22_523)]


@pytest.mark.parametrize("day", DATES)
def test_revenue_of_each_customer_agrees_to_the_penny(shop: Path, day: str):
    expected = duckdb.sql(f"""
        select customer_id, sum(amount) from ({ACCEPTED.format(file=shop)})
        where ordered_at < '{day}' group by customer_id order by customer_id
    """).fetchall()
    found = db.rows(
        f"""
        select customer_id, revenue_total::numeric from {tables.CUSTOMER_FEATURES}
        join {tables.CUSTOMERS} using (customer_key) where as_of_date = %s order by customer_id
        """,
        (day,),
    )
    assert len(found) > 1_000
    assert [(name, round(money, 4)) for name, money in found] == [(name, round(money, 4)) for name, money in expected]


@pytest.mark.parametrize("day", DATES)
def test_orders_add_up_to_their_customers(shop: Path, day: str):
    query = f"""
        select customer_key, revenue_total, net_revenue from (
            select customer_key, round(sum(net_revenue), 2) as net_revenue
            from analytics_runs.fct_orders where as_of_date = %(day)s group by customer_key
        ) as orders
        full join (
            select customer_key, round(revenue_total::numeric, 2) as revenue_total
            from {tables.CUSTOMER_FEATURES} where as_of_date = %(day)s
        ) as customers using (customer_key)
        where net_revenue is distinct from revenue_total
    """
    assert db.rows(query, {"day": day}) == []


def test_no_order_is_lost_on_the_way(shop: Path):
    total = duckdb.sql(f"select sum(amount) from ({ACCEPTED.format(file=shop)})").fetchall()[0][0]
    for table, column in (
        (tables.STG_ORDER_LINES, "amount"),
        (tables.INT_CUSTOMER_DAYS, "net_revenue"),
    ):
        assert db.rows(f"select sum({column}) from {table}") == [(Decimal(total),)]


def test_the_bridge_agrees_with_the_file_to_the_cent(shop: Path):
    day = DATES[-1]  # for which the tables to publish are built
    expected = duckdb.sql(BRIDGE.format(file=shop, accepted=ACCEPTED.format(file=shop), day=day)).fetchall()
    steps = ("sales", "refunds", "rejected", "duplicates")
    of_steps = ", ".join(f"coalesce(sum(amount) filter (where step = '{step}'), 0)" for step in steps)
    bridge = f"from analytics_runs.revenue_bridge where as_of_date = '{day}' and month <> 'unknown'"
    found = db.rows(f"select month, {of_steps} {bridge} group by month order by month")
    assert found == [row[:-1] for row in expected]
    # By the date of the lines, before refunds count with their orders and before orders are rounded.
    of_lines = db.rows(f"select sum(amount) {bridge} and step not in ('moved', 'rounding', 'net_revenue')")[0][0]
    assert abs(of_lines - sum(row[-1] for row in expected)) <= Decimal("0.005") * 4 * len(expected)
    net = db.rows(f"select sum(amount) {bridge} and step = 'net_revenue'")
    assert net == db.rows(f"select sum(net_revenue) from analytics_runs.fct_orders where as_of_date = '{day}'")
    assert db.rows(f"select sum(amount) {bridge} and step <> 'net_revenue'") == net


@pytest.fixture(scope="module")
def answers(shop: Path) -> dict[str, list[tuple]]:
    """The results of the guide's queries, by question."""
    return results()


def revenues(shop: Path) -> list[float]:
    """Each customer's revenue up to the last date, computed from the file, highest first."""
    accepted = ACCEPTED.format(file=shop)
    everyone = duckdb.sql(f"""
        select customer_id, round(sum(amount), 2) as revenue from ({accepted})
        where ordered_at < '{DATES[-1]}' group by all
    """).fetchall()
    return sorted((float(money) for _, money in everyone), reverse=True)


def test_every_question_of_the_guide_that_the_shop_can_answer_has_an_answer(answers: dict):
    assert len(answers) >= 10
    # Past forecasts, models and gates have rows only if the pipeline has run, and this shop has neither ad spend nor
    # another system's forecasts.
    unanswered = {question for question, answer in answers.items() if not answer}
    assert unanswered <= {
        "How accurate were past forecasts?", "Was another system's forecast nearer than ours?",
        "Is the model better than simpler rules?", "Can today's numbers be trusted?",
        "Which channels bring customers who are worth what they cost?",
        "Which personas are there, and which of them hold the value?",
    }  # fmt: skip


def test_the_guides_tiers_and_sums_are_those_of_an_independent_count(shop: Path, answers: dict):
    day, accepted, revenue = DATES[-1], ACCEPTED.format(file=shop), revenues(shop)
    tiers = {name: customers for name, customers, _, _ in answers["What is each value tier worth?"]}
    shares = {"Platinum": 0.01, "Gold": 0.04, "Silver": 0.05, "Bronze": 0.15, "Medium": 0.25, "Low": 0.5}
    assert sum(tiers.values()) == len(revenue)
    assert all(abs(tiers[name] - share * len(revenue)) <= 1 for name, share in shares.items())

    best = answers["What share of the revenue did the best 10 % of customers bring?"][0][0]
    assert float(best) == pytest.approx(sum(revenue[: len(revenue) // 10]) / sum(revenue), abs=1e-6)
    by_customer, by_order = answers["Do the customers add up to the orders?"][0]
    assert float(by_customer) == pytest.approx(sum(revenue), abs=0.005)
    assert by_order == by_customer
    moved = answers["Into which segments do loyal customers change?"]
    assert float(sum(share for _, _, share, _ in moved)) == pytest.approx(1, abs=0.001 * len(moved))
    again = duckdb.sql(f"""
        select count(*) filter (where orders > 1) / count(*) from (
            select customer_id, count(distinct ordered_at::date) as days, count(distinct invoice) as orders
            from ({accepted.replace("as customer_id,", "as customer_id, Invoice as invoice,")})
            where ordered_at < '{day}' and amount > 0 group by customer_id
        )
    """).fetchall()[0][0]
    assert float(answers["What share of customers ordered more than once?"][0][0]) == pytest.approx(again, abs=0.002)


def test_the_guides_reasons_add_up_to_the_forecast(answers: dict):
    # A reason's effect of 7 in revenue is 6.65 in discounted profit, for every customer.
    why = answers["Why is the most valuable customer's forecast what it is?"]
    top = db.rows("select max(predicted_clv) from analytics.customer_clv")[0][0]
    assert [reason for _, reason, _ in why] == ["the average customer", "last year again", "everything else"]
    assert why[1][2] == Decimal("6.65")
    assert sum(effect for _, _, effect in why) == top
    risky = answers["Why may customers of high value not order again?"]
    assert {reason for _, reason, *_ in risky} == {"long ago"}


def test_the_guides_products_and_hours_are_those_of_an_independent_count(shop: Path, answers: dict):
    day, accepted = DATES[-1], ACCEPTED.format(file=shop)
    lines = accepted.replace("as customer_id,", "as customer_id, StockCode as product, Invoice as invoice,")
    best = duckdb.sql(f"""
        select product, round(sum(amount) filter (where amount > 0), 2) as sold, -sum(amount) filter (where amount < 0)
        from ({lines}) where ordered_at < '{day}' group by product order by sold desc limit 20
    """).fetchall()
    products = answers["Which products bring the most, and how much of it is refunded?"]
    assert [(name, float(sold), float(back)) for name, _, _, sold, back in products] == [
        (name, pytest.approx(float(sold), abs=0.005), pytest.approx(float(back or 0), abs=0.005))
        for name, sold, back in best
    ]
    by_hour = duckdb.sql(f"""
        select hour(first_at), count(*) from (
            select customer_id, invoice, min(ordered_at) as first_at from ({lines})
            where ordered_at < '{day}' and amount > 0 group by all
        ) group by all order by all
    """).fetchall()
    assert [row[:2] for row in answers["At what hours do customers order?"]] == by_hour


def test_the_guides_years_and_months_are_those_of_an_independent_count(shop: Path, answers: dict):
    day, accepted = DATES[-1], ACCEPTED.format(file=shop)
    years = duckdb.sql(f"""
        with bought as (select distinct customer_id, ordered_at::date as day from ({accepted}) where amount > 0),
        firsts as (select customer_id, year(min(day))::text as year from bought group by all)
        select
            year, count(distinct customer_id) filter (where day >= date '{day}' - 365)
        from bought join firsts using (customer_id) where day < '{day}' group by year order by year
    """).fetchall()
    found = answers["How often do customers order, how many are retained, and what is their textbook lifetime value?"]
    assert [row[:2] for row in found] == [row[:2] for row in years]
    to_come = answers["What will each month bring, and what did it bring a year before?"]
    everybody = db.rows("select sum(predicted_revenue) from analytics.customer_clv")[0][0]
    assert sum(row[3] for row in to_come) == everybody


def test_segments_hold_what_their_names_say(shop: Path):
    """Every customer is in one segment. Purchases in the following year, which no forecast here uses, agree with the
    segments."""
    bought = duckdb.sql(f"""
        select distinct customer_id from ({ACCEPTED.format(file=shop)}) where ordered_at >= '{DATES[-1]}' and amount > 0
    """).fetchall()
    names = db.rows("""
        select customer_id, segment, lifecycle_stage, churn_risk from analytics.customer_clv
        join pii.customers using (customer_key)
    """)
    buyers = {name for (name,) in bought}
    share = {
        segment: sum(who in buyers for who, its, *_ in names if its == segment)
        / sum(its == segment for _, its, *_ in names)
        for segment in {segment for _, segment, *_ in names}
    }
    assert share["champions"] > share["loyal"] > share["promising"] > share["at risk"] > share["needs attention"]
    assert share["loyal"] > 0.5 > share["needs attention"]
    assert all(risk < 0.5 for _, segment, _, risk in names if segment in ("champions", "loyal", "promising"))
    assert {(segment, stage) for _, segment, stage, _ in names} >= {("new", "new"), ("at risk", "slipping")}
    assert len({stage for _, _, stage, _ in names}) < len({segment for _, segment, *_ in names})


def test_slipping_is_explained_by_silence_if_overdue_and_else_by_the_forecast(shop: Path):
    slipping = db.rows("""
        select days_overdue, gaps_silent::float, customers.as_of_date - last_order_on, round(expected_gap_days)::int,
            churn_risk, why_slipping
        from analytics.customer_clv as customers join analytics.customer_segments using (customer_key)
        where customers.lifecycle_stage = 'slipping'
    """)
    reasons = [why for *_, why in slipping]
    assert reasons == [
        f"silent for {silent} days, an order was due after {due}"
        if overdue
        else "unlikely to order within 365 days: long ago"
        for overdue, _, silent, due, *_ in slipping
    ]
    assert len({why.partition(" ")[0] for why in reasons}) == 2
    assert all(gaps > 2 or risk >= 0.5 for _, gaps, _, _, risk, _ in slipping)
    others = db.rows("select why_slipping from analytics.customer_segments where lifecycle_stage != 'slipping'")
    assert set(others) == {(None,)}


def test_a_tag_is_carried_by_few(shop: Path):
    shares = dict(
        db.rows("""
            select tag, count(*) * 100.0 / (select count(*) from analytics.customer_segments)
            from analytics.customer_segments cross join unnest(tags) as tag group by tag
        """)
    )
    stated = dict(db.rows("select tag, highest_percent from analytics_runs.tag_rules"))
    # The file has no discounts, categories or costs, and its customers' first year is not over.
    assert {"frequent", "big spender", "big baskets", "sends much back"} <= set(shares) <= set(stated)
    assert all(0 < share <= stated[tag] for tag, share in shares.items())


def test_cohorts_come_back_as_an_independent_count_says(shop: Path):
    expected = duckdb.sql(f"""
        with bought as (
            select customer_id, date_trunc('month', ordered_at) as month from ({ACCEPTED.format(file=shop)})
            where amount > 0 and ordered_at < '{DATES[-1]}' group by all
        ),
        cohorts as (select customer_id, min(month) as cohort from bought group by all)
        select
            strftime(cohort, '%Y-%m') as cohort, date_diff('month', cohort, month) as number,
            count(distinct customer_id) as active
        from bought join cohorts using (customer_id) group by all order by all
    """).fetchall()
    found = db.rows("""
        select to_char(cohort_month, 'YYYY-MM'), month_number, active_customers from analytics.cohort_value
        where active_customers > 0 order by 1, 2
    """)
    assert len(found) > 150
    assert found == expected


def test_cohorts_and_segments_reconcile_with_orders_to_the_penny(shop: Path):
    sums = """
        select
            (select sum(net_revenue) from analytics.fct_orders) - (select sum(revenue) from analytics.cohort_value),
            (select count(*) from analytics.customer_clv) - (select sum(customers) from analytics.segment_summary),
            (select sum(net_revenue) from analytics.fct_orders)
                - (select sum(historic_revenue) from analytics.segment_summary),
            (select sum(net_revenue) from analytics.fct_orders)
                - (select sum(historic_revenue) from analytics.segment_transitions),
            (select sum(profit) from analytics.fct_orders) - (select sum(profit) from analytics.cohort_value),
            (select sum(profit) from analytics.fct_orders)
                - (select sum(historic_profit) from analytics.segment_summary)
    """
    assert db.rows(sums) == [(0, 0, 0, 0, 0, 0)]
