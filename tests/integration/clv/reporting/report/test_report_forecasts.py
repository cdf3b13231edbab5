"""Forecasts on the pages: matured ones, bounds, coming months, dates without a forecast; and the links between
dates."""

from __future__ import annotations

import re
from datetime import date

import pytest
import small_warehouse as small
from report_pages import DAY, cells, operators

from clv.core import settings
from clv.core.errors import ClvError
from clv.reporting import report
from clv.warehouse import db, publication


def test_matured_forecasts_are_compared_with_the_actual_revenue(shop: settings.Settings) -> None:
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
    assert "The forecast of 2011-02-01 was 20 % too high; its 80 % intervals covered" in page
    assert "The highest decile of 2011-02-01 had a mean forecast of 20 and an actual of 16.7." in page
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
    assert "There was no revenue after the forecast of 2011-02-01." in page


def test_the_forecast_shows_bounds_of_the_sum_and_customers_still_to_come(shop: settings.Settings) -> None:
    run_id = small.ready_run()
    small.execute(
        """drop table if exists analytics_runs.forecast_totals;
        create table analytics_runs.forecast_totals as
        select
            date '2011-06-01' as as_of_date, text '2011-06-01.1' as run_id, *, 51 as predicted_revenue_low,
            72 as predicted_revenue_high, 48 as last_year_revenue, 5 as new_customers, 3 as new_customers_low,
            8 as new_customers_high, 80 as new_customers_revenue, 50 as new_customers_revenue_low,
            130 as new_customers_revenue_high
        from (values (90, 'all'), (365, 'all'), (365, 'segment')) as groups (horizon_days, grouped_by)"""
    )
    small.hand_over()
    publication.publish(DAY, run_id)
    page = re.sub(r"\s+", " ", report.write(DAY, shop).read_text())
    # The expected revenue is 60, with the bounds 51 to 72 below it; with customers still to come it is 140.
    assert cells(page, "90 days") == ["90 days", "6051 to 72", "140", "63", "48", "3", "3", "2"]
    assert "Customers still to come: about 5 (3 to 8) within 365 days, bringing about 80 (50 to 130) GBP" in page
    assert "(50 to 130) GBP, so 140 in all." in page
    assert "dotted: for customers still to come" in page
    assert "four actual sums in five lie on the line" in page
    assert run_id == "2011-06-01.1"


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
    assert "No customer in the most valuable fifth is at risk" in page
    assert "Who holds the value" not in page
    assert "Predicted value, GBP" not in page
    assert cells(page, "loyal") == ["loyal", "1", "35"]
    assert "63 GBP" in page or ">63<" in page  # their revenue is shown without a forecast too
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


def test_each_page_links_to_the_dates_before_and_after_in_any_order_of_writing(shop: settings.Settings) -> None:
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
    gone = date(2011, 5, 1)
    with db.connect() as connection:
        publication.mark_removed("2011-05-01.1", connection)
    assert [report.remove([gone], shop) for _ in range(2)] == [1, 0]
    for day, links in (("2011-04-01", "next"), ("2011-06-01", "prev")):
        other = {"2011-04-01": "2011-06-01", "2011-06-01": "2011-04-01"}[day]
        text = (shop.reports / day / "operators.html").read_text()
        assert re.findall(r'<a rel="(prev|next)" href="([^"]+)"', text) == [(links, f"../{other}/operators.html")]
    assert "2011-05-01" not in (shop.reports / "index.html").read_text()
    assert not (shop.reports / "2011-05-01").exists()
    with pytest.raises(ClvError, match="nothing is published for 2011-05-01, since upkeep has removed it"):
        report.write(gone, shop)
