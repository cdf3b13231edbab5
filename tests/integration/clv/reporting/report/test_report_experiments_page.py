"""The section of experiments, on the page."""

from __future__ import annotations

import re

import small_warehouse as small
from report_pages import DAY

from clv.core import settings
from clv.reporting import report
from clv.warehouse import publication

STARTED = """
    insert into ops.experiments (experiment, started_on, run_id, definition)
    values ('spring_mail', '2011-04-01', 'r', '{"outcome": "revenue"}')
"""
READ = """
    insert into ops.experiment_results (experiment, as_of_date, metric, arm, control, state, started_on, window_days,
        days_read, customers, control_customers, sample_ratio_p, currency, message)
    values ('spring_mail', %s, %s, 'mail', 'control', %s, '2011-04-01', 60, %s, 1200, 300, 0.5, 'GBP', %s)
"""


def page(shop: settings.Settings) -> str:
    publication.publish(DAY, small.ready_run())
    return re.sub(r"\s+", " ", report.write(DAY, shop).read_text())


def test_the_page_shows_the_newest_read_out_of_its_date(shop: settings.Settings) -> None:
    small.execute(STARTED)
    for row in (
        ("2011-05-01", "revenue", "running", 30, "So far, no difference."),
        ("2011-05-31", "opt_outs", "closed", 60, "No difference in consent."),
        ("2011-05-31", "revenue", "closed", 60, "Mail did better & brought 3.00."),
        ("2011-06-20", "revenue", "closed", 60, "Read after the page's date."),
    ):
        small.execute(READ, row)
    shown = page(shop)
    assert (
        "<h3>spring_mail</h3> <p><b>Mail did better &amp; brought 3.00.</b></p> <p>No difference in consent.</p>"
        in shown
    )
    assert "Begun on 2011-04-01, 60 of 60 days read: mail 1,200 customers, control 300, divided at random." in shown
    assert "So far" not in shown
    assert "after the page" not in shown


def test_without_experiments_there_is_no_section(shop: settings.Settings) -> None:
    assert "What acting changed" not in page(shop)
