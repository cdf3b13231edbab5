"""The pages of a published date show the same as the tables, name nobody, and need no network."""

from __future__ import annotations

import re
from datetime import date

import pytest
import small_warehouse as small
from report_pages import DAY, cells, operators

from clv.core import settings
from clv.reporting import report
from clv.reporting.report.sections import changes
from clv.warehouse import publication


def test_the_page_says_what_the_tables_say(shop: settings.Settings) -> None:
    publication.publish(DAY, small.ready_run())
    path = report.write(DAY, shop)
    page = path.read_text()
    assert "customer ids" not in page
    assert path == shop.reports / small.AS_OF / "index.html"
    assert cells(page, "loyal")[:5] == ["loyal", "1", "35", "14", "33 %"]
    assert cells(page, "new")[:5] == ["new", "2", "28", "28", "67 %"]
    assert cells(page, "90 days") == ["90 days", "60", "–", "63", "–", "3", "3", "2"]  # the orders of May bring 62.50
    whole_year = cells(page, "365 days")
    assert whole_year[1].startswith("60")
    assert (whole_year[3], whole_year[5:]) == ("–", ["3", "–", "2"])  # the shop is younger
    assert "have a forecast" not in page  # all customers have one


def test_what_only_operators_need_is_on_their_page(shop: settings.Settings) -> None:
    run_id = small.ready_run()
    small.execute(f"insert into analytics_runs.order_costs values ('{small.AS_OF}', '{run_id}', 'orders:o1', 0.5)")
    publication.publish(DAY, run_id)
    path = report.write(DAY, shop)
    page = operators(path)
    assert cells(page, "staging")[2] == "all met"
    assert run_id in page
    assert f'href="../gates/{run_id}.html"' in page
    assert f'<a href="../{small.AS_OF}/index.html">' in (shop.reports / "gates" / f"{run_id}.html").read_text()
    assert re.findall("<h2>(.*?)</h2>", page) == [
        "How it was made", "From the exports to profit", "Quality of the data",
    ]  # fmt: skip
    assert cells(page, "Refunds, as the exports state them") == ["Refunds, as the exports state them", "1", "-5.00"]
    assert cells(page, "Net revenue") == ["Net revenue", "4 orders", "62.50"]
    # Four orders with a profit of 4.00 each, after a fee of 0.50.
    assert cells(page, "Cost of goods")[2] == "-44.50"
    assert cells(page, "Payment fees") == [
        "Payment fees", "0.029 of what was paid, 0.3 an order; for 1 order as files state it", "-2.00",
    ]  # fmt: skip
    assert cells(page, "Profit")[2] == "16.00"
    marketers = path.read_text()
    assert 'href="operators.html"' in marketers
    for theirs in (run_id, "Quality of the data", "baseline", "Digest", "How it was made"):
        assert theirs not in marketers


def test_the_shop_by_month_stands_against_the_month_and_the_year_before(shop: settings.Settings) -> None:
    run_id = small.ready_run()
    small.execute("truncate analytics_runs.cohort_value; truncate analytics_runs.fct_orders")
    small.execute(
        """insert into analytics_runs.cohort_value (as_of_date, run_id, cohort_month, month_number, customers,
            retention, revenue, cumulative_revenue, orders_count, active_customers)
        values
            (%(day)s, %(run)s, '2010-05-01', 0, 4, 1, 80, 80, 4, 4),
            (%(day)s, %(run)s, '2010-05-01', 11, 4, 0.5, 40, 120, 2, 2),
            (%(day)s, %(run)s, '2010-05-01', 12, 4, 0.25, 50, 170, 1, 1),
            (%(day)s, %(run)s, '2011-05-01', 0, 3, 1, 70, 70, 5, 3),
            (%(day)s, %(run)s, '2011-05-01', 1, 3, null, null, null, null, null)""",
        {"day": DAY, "run": run_id},
    )
    small.execute(
        """insert into analytics_runs.fct_orders (as_of_date, run_id, order_key, ordered_on, net_revenue, order_number)
        select %s, %s, number::text, day::date, 10, place
        from (values (1, '2010-05-09', 1), (2, '2011-04-03', 2), (3, '2011-05-05', 1), (4, '2011-05-06', 2))
            as orders (number, day, place)""",
        (DAY, run_id),
    )
    small.execute("update analytics_runs.customer_clv set first_order_on = '2010-05-01'")
    for counted_by, customers, joined in (("id", 6, 5), ("customer", 4, 3)):
        small.execute(
            "update analytics_runs.identity_summary set customers = %s, joined = %s where counted_by = %s",
            (customers, joined, counted_by),
        )
    publication.publish(DAY, run_id)
    page = report.write(DAY, shop).read_text()
    assert "5 customer ids belong to 3 customers, each counted as one. So there are 4 customers behind 6 ids" in page
    shown = page[page.index('id="shop"') : page.index("The months as a table")]
    words = re.sub(r"\s+", " ", re.sub(r"<svg.*?</svg>|<[^>]+>", " ", shown, flags=re.DOTALL).replace("\u00a0", " "))
    assert "May 2011 , the last whole month, compared with April 2011 and May 2010." in words
    # 50 + 70, after 40 in April and 80 a year before.
    assert "Revenue, GBP 120 ▲ 200 % vs Apr ▲ 50 % vs May 2010" in words
    assert "Orders 6 ▲ 200 % vs Apr ▲ 50 % vs May 2010" in words
    assert "Average order value, GBP 20.00 as in Apr as in May 2010" in words
    assert "New customers 3 ▼ 25 % vs May 2010" in words  # there were none in April
    assert "Returning customers 1 ▼ 50 % vs Apr" in words
    assert "Repeat rate 100 % as in Apr ▲ 100.0 pts vs May 2010" in words  # two customers of two, and one without any


def test_a_month_that_is_not_over_is_shown_and_not_compared(shop: settings.Settings) -> None:
    publication.publish(date(2011, 5, 20), small.ready_run("2011-05-20"))
    page = re.sub(r"\s+", " ", report.write(date(2011, 5, 20), shop).read_text())
    assert "No month is over yet" in page
    assert "May 2011 so far: 63 GBP in 4 orders, 3 new and 0 returning customers." in page


def test_the_page_names_nobody_and_needs_no_network(shop: settings.Settings) -> None:
    publication.publish(DAY, small.ready_run())
    path = report.write(DAY, shop)
    for page in (path.read_text(), operators(path)):
        assert not any(customer in page for customer in (small.A, small.B, small.C))
        assert "http" not in page
        assert "<script" not in page


def test_valuable_customers_to_keep_are_listed_under_their_pseudonyms(shop: settings.Settings) -> None:
    run_id = small.ready_run()
    small.execute("update analytics_runs.customer_segments set is_saveable = customer_key = %s", (small.B,))
    small.execute("update analytics_runs.customer_clv set churn_risk = 0.9 where customer_key = %s", (small.B,))
    small.execute("update analytics_runs.dim_customer set may_contact = false where customer_key = %s", (small.C,))
    publication.publish(DAY, run_id)
    page = report.write(DAY, shop).read_text()
    known = f'<code class="customer" title="{small.B}">{small.B}</code>'
    assert cells(page, known)[1:6] == ["20", "14", "90 %", "7", "new"]
    why = "Never asked for consent. At risk: silent for 92 days, an order was due after 40"
    assert cells(page, known)[6:] == ["not asked", why, "Valuable: spent 20.00"]
    assert small.A not in page
    assert "<b>1 of 1</b>" in page
    assert "0 customers may be contacted: 0 agreed, 1 refused, 2 were not asked" in page


def test_valuable_customers_at_risk_have_a_reason_also_without_a_forecasts_reasons(shop: settings.Settings) -> None:
    run_id = small.ready_run()
    small.execute("update analytics_runs.customer_segments set is_saveable = customer_key = %s", (small.B,))
    small.execute("update analytics_runs.customer_clv set risk_reasons = null, reasons = null")
    publication.publish(DAY, run_id)
    page = report.write(DAY, shop).read_text()
    known = f'<code class="customer" title="{small.B}">{small.B}</code>'
    # The last order was of 1 March, 92 days before the date.
    assert cells(page, known)[7].endswith("At risk: silent for 92 days, an order was due after 40")


def test_a_page_made_again_without_the_runs_profiles_lists_whom_to_keep_and_counts_no_consent(
    shop: settings.Settings,
) -> None:
    run_id = small.ready_run()
    small.execute("update analytics_runs.customer_segments set is_saveable = customer_key = %s", (small.B,))
    publication.publish(DAY, run_id)
    small.execute("truncate analytics_runs.dim_customer")  # as upkeep does for older dates
    page = report.write(DAY, shop).read_text()
    assert "<b>1 of 1</b>" in page
    assert cells(page, f'<code class="customer" title="{small.B}">{small.B}</code>')[6] == "–"
    assert "customers may be contacted" not in page


@pytest.mark.parametrize(("basis", "noted"), [("costs", False), ("costs and gross_margin", False), ("revenue", True)])
def test_the_page_says_where_no_cost_of_goods_is_known(shop: settings.Settings, basis: str, noted: bool) -> None:
    run_id = small.ready_run()
    small.execute("update analytics_runs.customer_clv set profit_basis = %s", (basis,))
    publication.publish(DAY, run_id)
    page = report.write(DAY, shop).read_text()
    assert ("No cost of goods is known, and no margin is set: profit and value here" in page) == noted


def test_every_chart_is_drawn_and_says_what_it_shows(shop: settings.Settings) -> None:
    run_id = small.ready_run()
    small.execute(
        """insert into analytics_runs.cohort_value (
            as_of_date, run_id, cohort_month, month_number, customers, retention, revenue, cumulative_revenue,
            cumulative_revenue_low, cumulative_revenue_high, predicted_revenue)
        select as_of_date, run_id, date '2011-02-01', number, 20, .3, 100, 100 * number + 100,
            null::numeric, null::numeric, null::numeric
        from analytics_runs.cohort_value cross join generate_series(0, 3) as number where month_number = 0
        union all
        select as_of_date, run_id, date '2011-02-01', 4, 20, null, null, 480, 460, 500, 80
        from analytics_runs.cohort_value where month_number = 0"""
    )
    publication.publish(DAY, run_id)
    page = report.write(DAY, shop).read_text()
    titles = re.findall(r'<svg role="img" aria-label="([^"]+)"', page)
    assert titles == [
        "Revenue",
        "Orders",
        "Average order value",
        "New and returning customers",
        "Returning customer rate",
        "Repeat rate",
        "Expected revenue beside the days before",
        "Share of the value by share of customers",
        "Distribution of predicted value",
        "Movement between segments",
        "What a new customer brings over two years",
        "Who comes back",
        "What channels cost and bring",
    ]
    words = re.sub(r"\s+", " ", page.replace("\u00a0", " "))
    # Three customers with the same value.
    assert "The top fifth of customers hold 20 % of the predicted value." in words
    assert "those of 2011-02 will have brought 24 each by the end of month 4." in words
    assert "1 of 1 channels have earned back the cost of their customers" in words
    assert "30 % of all of them ordered in the first month after." in words
    assert '<th scope="row">2011-02</th><td class="n">20</td><td class="n">30 %</td>' in words


def test_channels_and_personas_say_what_their_tables_say(shop: settings.Settings) -> None:
    run_id = small.ready_run()
    publication.publish(DAY, run_id)
    page = report.write(DAY, shop).read_text()
    assert cells(page, "search") == ["search", "3", "9", "3.00", "14.00", "4.67", "1"]
    assert cells(page, "orders often")[:7] == ["orders often", "3", "1.50", "90", "50 %", "14", "100 %"]


def test_without_ad_spend_or_personas_their_sections_are_left_out(shop: settings.Settings) -> None:
    run_id = small.ready_run()
    small.execute("truncate analytics_runs.channel_value; truncate analytics_runs.personas")
    publication.publish(DAY, run_id)
    page = report.write(DAY, shop).read_text()
    assert "<h2>Channels</h2>" not in page
    assert "<h3>Personas</h3>" not in page


def test_what_changed_is_shown_beside_the_earlier_date(shop: settings.Settings) -> None:
    run_id = small.ready_run()
    bridge = "insert into analytics.forecast_bridge values (%s, %s, %s, '2011-05-31', %s, %s, 'GBP', %s, %s)"
    steps = [("forecast before", 2, 30), ("new customers", 1, 14), ("time passed", 2, -2), ("forecast", 3, 42)]
    steps += [(step, 0, 0) for step in changes.STEPS if step not in [name for name, *_ in steps]]
    for since in changes.SINCE:  # both are the same date, and shown once
        for place, (step, customers, value) in enumerate(steps):
            small.execute(bridge, (small.AS_OF, run_id, since, place, step, customers, value))
        small.execute(
            "insert into analytics.customer_changes values (%s, %s, %s, %s, 'fell', 'high', 'middle', 0.2, 0.5, 16, 14,"
            " -2, 'time passed', 'silent for 92 days', 'silent for 2 days', 0, 0)",
            (small.AS_OF, run_id, since, small.B),
        )
    publication.publish(DAY, run_id)
    page = report.write(DAY, shop).read_text()
    assert cells(page, "Forecast then") == ["Forecast then", "30.00", "2"]
    assert cells(page, "Time passed without an order") == ["Time passed without an order", "-2.00", "2"]
    assert "0 customers rose to a higher value tier and 1 fell to a lower one" in page
    listed = re.sub(r"<[^>]+>", " ", page[page.index("changed most since 2011-05-31") :])
    assert " ".join(listed.split()).startswith(
        "changed most since 2011-05-31. Customer Change Predicted then Predicted now Tier Risk Cause Why "
        f"{small.B} -2 16 14 high → middle 20 % → 50 % time passed silent for 92 days (before: silent for 2 days)"
    )


def test_a_first_date_has_nothing_to_compare_with(shop: settings.Settings) -> None:
    publication.publish(DAY, small.ready_run())
    assert "What changed" not in report.write(DAY, shop).read_text()
