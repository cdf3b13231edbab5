"""The section of lists to act on, on the page."""

from __future__ import annotations

import re

import small_warehouse as small
from report_pages import DAY, cells

from clv.core import settings
from clv.reporting import report
from clv.warehouse import publication


def test_the_page_shows_lists_with_customers_and_no_section_without(shop: settings.Settings) -> None:
    run_id = small.ready_run()
    publication.publish(DAY, run_id)
    assert "Lists to act on" not in report.write(DAY, shop).read_text()
    of = (small.AS_OF, run_id)
    for row in (("back", "Win back", 1, 2, 1, "1234.56"), ("empty", "Nobody", 2, 0, 0, None)):
        small.execute(
            """insert into analytics_runs.list_summary (as_of_date, run_id, list_name, title, priority, action, channel,
                customers_to_act_on, customers_held_out, value_at_stake, customers)
            values (%s, %s, %s, %s, %s, 'write', 'email', %s, %s, %s, 3 * sign(%s))""",
            (*of, *row, row[3]),
        )
    small.execute(
        """insert into analytics_runs.list_members (as_of_date, run_id, list_name, customer_key, place, reason)
        values (%s, %s, 'back', %s, 1, 'silent for 90 days'), (%s, %s, 'back', %s, 2, 'silent')""",
        (*of, small.A, *of, small.B),
    )
    page = re.sub(r"\s+", " ", report.write(DAY, shop).read_text())
    assert cells(page, "Win back") == ["Win back", "2", "1", "1,235", "email", "write"]
    # An erasure finds the pages that name a customer by the key; so nothing of a single one is shown without it.
    assert "silent for 90 days" not in page
    assert "Nobody" not in page
    assert "At stake, GBP" in page
