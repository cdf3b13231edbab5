"""The pages of a published date say what the tables say, name nobody and need no network."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
import small_warehouse as small

from clv import publication, report, settings
from clv.errors import ClvError

DAY = date.fromisoformat(small.AS_OF)


@pytest.fixture
def shop(home: settings.Settings) -> settings.Settings:
    small.make_tables()
    return home


def cells(page: str, name: str) -> list[str]:
    """The cells of the row whose first one is this, as they are shown."""
    found = [
        re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in re.findall(r"<tr>.*?</tr>", page, re.DOTALL)
    ]
    return [re.sub(r"<[^>]+>", "", cell).strip() for cell in next(row for row in found if row[0] == name)]


def operators(page: Path) -> str:
    return page.with_name("operators.html").read_text()


def test_the_page_says_what_the_tables_say(shop: settings.Settings) -> None:
    publication.publish(DAY, small.ready_run())
    path = report.write(DAY, shop)
    page = path.read_text()
    assert path == shop.reports / small.AS_OF / "index.html"
    assert cells(page, "loyal")[:5] == ["loyal", "1", "35", "14", "33 %"]
    assert cells(page, "new")[:5] == ["new", "2", "28", "28", "67 %"]
    assert cells(page, "90 days") == ["90 days", "60", "–", "62", "–", "3", "4", "2"]  # orders of 62.50 in May
    whole_year = cells(page, "365 days")
    assert whole_year[1].startswith("60")
    assert (whole_year[3], whole_year[5:]) == ("–", ["3", "–", "2"])  # the shop is younger
    assert "have a forecast" not in page  # everyone has


def test_what_only_operators_need_is_on_their_page(shop: settings.Settings) -> None:
    run_id = small.ready_run()
    publication.publish(DAY, run_id)
    path = report.write(DAY, shop)
    page = operators(path)
    assert cells(page, "staging")[2] == "all met"
    assert run_id in page
    assert f'href="../gates/{run_id}.html"' in page
    assert f'<a href="../{small.AS_OF}/index.html">' in (shop.reports / "gates" / f"{run_id}.html").read_text()
    assert re.findall("<h2>(.*?)</h2>", page) == ["How it was made", "Quality of the data"]
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
    publication.publish(DAY, run_id)
    page = report.write(DAY, shop).read_text()
    shown = page[page.index('id="shop"') : page.index("The months as a table")]
    words = re.sub(r"\s+", " ", re.sub(r"<svg.*?</svg>|<[^>]+>", " ", shown, flags=re.DOTALL).replace("\u00a0", " "))
    assert "May 2011 , the last month that is over, against April 2011 and May 2010." in words
    assert "Revenue, GBP 120 ▲ 200 % vs Apr ▲ 50 % vs May 2010" in words  # 50 + 70, after 40, and after 80
    assert "Orders 6 ▲ 200 % vs Apr ▲ 50 % vs May 2010" in words
    assert "Average order value, GBP 20.00 as in Apr as in May 2010" in words
    assert "New customers 3 ▼ 25 % vs May 2010" in words  # none in April
    assert "Returning customers 1 ▼ 50 % vs Apr" in words
    assert "Repeat rate 100 % as in Apr ▲ 100.0 pts vs May 2010" in words  # of two customers two, of one none


def test_a_month_that_is_not_over_is_told_and_not_compared(shop: settings.Settings) -> None:
    publication.publish(date(2011, 5, 20), small.ready_run("2011-05-20"))
    page = re.sub(r"\s+", " ", report.write(date(2011, 5, 20), shop).read_text())
    assert "No month is over yet" in page
    assert "May 2011 so far: 62 GBP in 4 orders, 3 new and 0 returning customers." in page


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
    why = "Never asked whether they may be written to. At risk: silent for 92 days, an order was due after 40"
    assert cells(page, known)[6:] == ["not asked", why, "Valuable: spent 20.00"]
    assert small.A not in page
    assert "<b>1 of 1</b>" in page
    assert "0 customers may be written to: 0 agreed, 1 refused, 2 were not asked" in page


@pytest.mark.parametrize(("basis", "said"), [("costs", False), ("costs and gross_margin", False), ("revenue", True)])
def test_the_page_says_where_profit_is_revenue(shop: settings.Settings, basis: str, said: bool) -> None:
    run_id = small.ready_run()
    small.execute("update analytics_runs.customer_clv set profit_basis = %s", (basis,))
    publication.publish(DAY, run_id)
    page = report.write(DAY, shop).read_text()
    assert ("Profit and value here are revenue: no margin is set" in page) == said


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
        "How much of the value few customers hold",
        "What customers will be worth",
        "Movement between segments",
        "What a new customer brings over two years",
        "Who comes back",
        "What channels cost and bring",
    ]
    words = re.sub(r"\s+", " ", page.replace("\u00a0", " "))
    assert "The top fifth of customers hold 20 % of it." in words  # three customers of the same value
    assert "those of 2011-02 will have brought 24 each by the end of month 4." in words
    assert "1 of 1 channels have earned back what their customers cost" in words
    assert "30 % of all these came back in the first month after." in words
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


def test_forecasts_that_matured_stand_against_what_came(shop: settings.Settings) -> None:
    old, run_id = small.ready_run("2011-02-01"), small.ready_run()
    publication.publish(date(2011, 2, 1), old)
    publication.publish(DAY, run_id)
    small.execute(
        """insert into ops.clv_scorecard (
            as_of_date, run_id, horizon_days, grouped_by, group_name, matured_on, currency, customers,
            predicted_revenue, actual_revenue, bias, coverage_80, mean_p_purchase, share_bought, outcome_digest)
        select
            '2011-02-01', '2011-02-01.1', 90, grouped_by, name, '2011-05-02', 'GBP', 3, 60, 50, 0.2, 0.67, 0.5, 0.5, 0
        from (values ('all', 'all'), ('decile', '01'), ('decile', '02')) as groups (grouped_by, name)"""
    )
    page = re.sub(r"\s+", " ", operators(report.write(DAY, shop)))
    assert "The forecast of 2011-02-01 was 20 % too high; its intervals, meant for 80 % of customers, held" in page
    assert "The highest decile of 2011-02-01 was forecast 20 each and brought 16.7." in page
    before = operators(report.write(date(2011, 2, 1), shop))
    assert "Past forecasts" not in before


def test_forecasts_of_nobody_are_no_past_forecasts(shop: settings.Settings) -> None:
    old, run_id = small.ready_run("2011-02-01"), small.ready_run()
    publication.publish(date(2011, 2, 1), old)
    publication.publish(DAY, run_id)
    small.execute(
        """insert into ops.clv_scorecard (
            as_of_date, run_id, horizon_days, grouped_by, group_name, matured_on, customers, predicted_revenue,
            actual_revenue, bias, outcome_digest)
        values
            ('2011-02-01', '2011-02-01.1', 90, 'all', 'all', '2011-05-02', 0, null, null, null, 0),
            ('2011-02-01', '2011-02-01.1', 30, 'all', 'all', '2011-03-03', 3, 60, 0, null, 0)"""
    )
    page = re.sub(r"\s+", " ", operators(report.write(DAY, shop)))
    assert "After the forecast of 2011-02-01 nothing came." in page


def test_the_forecast_has_bounds_of_the_sum_and_whoever_is_still_to_come_apart(shop: settings.Settings) -> None:
    run_id = small.ready_run()
    small.execute(
        """drop table if exists analytics_runs.forecast_totals;
        create table analytics_runs.forecast_totals as
        select
            date '2011-06-01' as as_of_date, text '2011-06-01.1' as run_id, *, 51 as predicted_revenue_low,
            72 as predicted_revenue_high, 48 as last_year_revenue, 5 as new_customers, 80 as new_customers_revenue
        from (values (90, 'all'), (365, 'all'), (365, 'segment')) as groups (horizon_days, grouped_by)"""
    )
    small.hand_over()
    publication.publish(DAY, run_id)
    page = re.sub(r"\s+", " ", report.write(DAY, shop).read_text())
    # 60 is expected, and below it stand the bounds, 51 to 72; with customers still to come it is 140.
    assert cells(page, "90 days") == ["90 days", "6051 to 72", "140", "62", "48", "3", "4", "2"]
    assert "Customers still to come: about 5 within 365 days, at the pace of the days before" in page
    assert "bringing about 80 GBP, so 140 in all." in page
    assert "the line holds four outcomes in five" in page
    assert run_id == "2011-06-01.1"


def test_whom_to_keep_is_told_by_the_silence_also_without_reasons(shop: settings.Settings) -> None:
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
    small.execute("truncate analytics_runs.dim_customer")  # as upkeep does with older dates
    page = report.write(DAY, shop).read_text()
    assert "<b>1 of 1</b>" in page
    assert cells(page, f'<code class="customer" title="{small.B}">{small.B}</code>')[6] == "–"
    assert "customers may be written to" not in page


def test_only_whole_months_to_come_are_drawn(shop: settings.Settings) -> None:
    run_id = small.ready_run()
    small.execute("truncate analytics_runs.forecast_months")
    small.execute(
        """insert into analytics_runs.forecast_months (as_of_date, run_id, month, from_on, days, predicted_revenue)
        values
            (%(day)s, %(run)s, '2011-06-01', '2011-06-01', 30, 60),
            (%(day)s, %(run)s, '2011-07-01', '2011-07-01', 31, 50),
            (%(day)s, %(run)s, '2011-08-01', '2011-08-01', 9, 5)""",
        {"day": DAY, "run": run_id},
    )
    publication.publish(DAY, run_id)
    page = report.write(DAY, shop).read_text()
    drawn = page[page.index('aria-label="Expected revenue by month"') :]
    drawn = drawn[: drawn.index("</svg>")]
    assert re.findall(r"(?<=>)(?:Jun|Jul|Aug)", drawn) == ["Jun", "Jul"]
    assert "the mark is what they brought in the month a year before" in page
    small.execute("update analytics_runs.forecast_months set revenue_year_before = null")  # a younger shop
    page = report.write(DAY, shop).read_text()
    assert 'aria-label="Expected revenue by month"' in page
    assert "the mark is" not in page


def test_a_date_without_forecast_says_why(shop: settings.Settings) -> None:
    run_id = small.ready_run()
    small.execute(
        """update analytics_runs.customer_clv set status = 'too_little_data', status_reason = '3 of 500 customers',
        model_version = null, predicted_clv = null, value_tier = null, p_purchase = null"""
    )
    small.execute("update analytics_runs.customer_clv_horizons set predicted_clv = null")
    publication.publish(DAY, run_id)
    path = report.write(DAY, shop)
    page = re.sub(r"\s+", " ", path.read_text())
    assert "<b>No forecast was made: the shop has too little data yet</b> (3 of 500 customers)." in page
    assert "There is no forecast for this date: 3 of 500 customers." in page
    assert "None of the most valuable fifth is slipping" in page
    assert "Who holds the value" not in page
    assert "Predicted value, GBP" not in page
    assert cells(page, "loyal") == ["loyal", "1", "35"]
    assert "62 GBP" in page or ">62<" in page  # what they brought stands all the same
    assert cells(operators(path), "3")[1:] == ["no forecast: too little data", "none", "3 of 500 customers"]


def test_the_index_lists_each_date_once_the_newest_first(shop: settings.Settings) -> None:
    for day in ("2011-06-01", "2011-05-01", "2011-05-01"):
        run_id = small.ready_run(day)
        publication.publish(date.fromisoformat(day), run_id)
        report.write(date.fromisoformat(day), shop)
    index = (shop.reports / "index.html").read_text()
    expected = ["2011-06-01/index.html", "2011-05-01/index.html", "gates/index.html"]
    assert re.findall(r'href="([^"]+)"', index) == expected
    assert "2011-05-01.2" in index
    assert "2011-05-01.1" not in index
    assert sorted(path.name for path in shop.reports.iterdir()) == ["2011-05-01", "2011-06-01", "gates", "index.html"]


def test_a_date_that_is_not_published_is_refused(shop: settings.Settings) -> None:
    with pytest.raises(ClvError, match="nothing is published for 2011-06-01"):
        report.write(DAY, shop)
    assert not shop.reports.exists()


def test_each_page_leads_to_the_dates_before_and_after_in_whatever_order_they_came(shop: settings.Settings) -> None:
    for day in ("2011-06-01", "2011-04-01", "2011-05-01"):
        publication.publish(date.fromisoformat(day), small.ready_run(day))
        report.write(date.fromisoformat(day), shop)
    for name in ("index.html", "operators.html"):
        links = {}
        for day in ("2011-04-01", "2011-05-01", "2011-06-01"):
            text = (shop.reports / day / name).read_text()
            links[day] = re.findall(r'<a rel="(prev|next)" href="([^"]+)"', text)
        assert links["2011-04-01"] == [("next", f"../2011-05-01/{name}")]
        assert links["2011-05-01"] == [("prev", f"../2011-04-01/{name}"), ("next", f"../2011-06-01/{name}")]
        assert links["2011-06-01"] == [("prev", f"../2011-05-01/{name}")]
