"""The section of another system's forecasts, on the page."""

from __future__ import annotations

import re

import small_warehouse as small
from report_pages import DAY, cells

from clv.core import settings
from clv.reporting import report
from clv.warehouse import publication

INSERTED = """
    insert into ops.external_scorecard (system, as_of_date, horizon_days, metric, matured_on, our_as_of_date,
        our_run_id, forecasts, customers, theirs, ours, nearer, digest)
    values ('Klaviyo', %s, %s, %s, %s, %s, 'r', 4, %s, %s, %s, %s, 0)
"""


def page(shop: settings.Settings) -> str:
    publication.publish(DAY, small.ready_run())
    return re.sub(r"\s+", " ", report.write(DAY, shop).read_text())


def test_the_page_says_which_forecast_was_nearer(shop: settings.Settings) -> None:
    for row in (
        ("2011-03-01", 90, "normalized_gini", "2011-05-30", "2011-03-01", 3, 0.41234, 0.52, "ours"),
        ("2011-03-01", 90, "rmse", "2011-05-30", "2011-03-01", 3, 12.5, 12.25, "neither"),
        ("2011-03-01", 90, "bias", "2011-05-30", "2011-03-01", 3, 0.1, 0.3, "theirs"),
        ("2011-05-25", 90, "rmse", "2011-08-23", "2011-05-25", 3, None, None, None),
        ("2011-06-09", 90, "rmse", "2011-09-07", None, 3, None, None, None),  # after the page's date
    ):
        small.execute(INSERTED, row)
    shown = page(shop)
    assert "Our forecast was nearer by ranking of customers. The forecast of Klaviyo was nearer by total." in shown
    assert "3 of the 4 customers in the export have a forecast of ours too" in shown
    assert cells(shown, "ranking of customers (1 is perfect)")[1:] == ["0.412", "0.520", "ours"]
    assert cells(shown, "error per customer, GBP")[1:] == ["12.50", "12.25", "–"]
    assert cells(shown, "total, off by")[1:] == ["10 %", "30 %", "Klaviyo"]
    assert "The forecast of 2011-05-25 (4 customers) will be judged on 2011-08-23." in shown


def test_a_forecast_without_one_of_ours_is_named_with_a_remedy(shop: settings.Settings) -> None:
    small.execute(INSERTED, ("2011-03-01", 90, "rmse", "2011-05-30", None, 0, None, None, None))
    assert "<code>clv run --as-of 2011-03-01</code> makes one" in page(shop)


def test_without_forecasts_of_other_systems_there_is_no_section(shop: settings.Settings) -> None:
    assert "systems' forecasts" not in page(shop).replace("&#39;", "'")
