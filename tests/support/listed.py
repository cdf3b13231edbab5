"""Lists of customers in a home that has dbt's tables and views."""

from __future__ import annotations

from datetime import date

import raw_rows
import small_warehouse

from clv.catalog import tables
from clv.core.settings import Settings
from clv.warehouse import db

DAY, BEFORE = date(2024, 6, 1), date(2024, 5, 1)
MEMBERS = [  # list, customer, place, channel, reason, value at stake, arm
    ("win_back", "a", 1, "email", "silent for 90 days", "30.00", "act"),
    ("win_back", "b", 2, "email", "silent for 80 days", "20.00", "hold out"),
    ("vip", "a", 1, "service", "among the best", "30.00", "act"),
]
LISTS = [("win_back", "Win back", 1, "email", True, 2, 1, "50.00"), ("vip", "VIP", 2, "service", False, 1, 0, "30.00")]


def publish(home: Settings) -> None:
    """Publishes two dates that have the same lists; of the newest date there is an older run too. Lets analysts in."""
    small_warehouse.let_analyst_in(home)
    columns = "customer_key uuid, day date, may_contact boolean"
    small_warehouse.execute(f"create table if not exists intermediate.int_consents ({columns})")  # as a run makes it
    with db.connect() as connection:
        for day, run_id in ((BEFORE, f"{BEFORE}.1"), (DAY, f"{DAY}.1"), (DAY, f"{DAY}.2")):
            for name, who, place, channel, reason, at_stake, arm in MEMBERS:
                connection.execute(
                    """insert into analytics_runs.list_members (as_of_date, run_id, list_name, customer_key, place,
                        channel, action, reason, value_at_stake, arm)
                    values (%s, %s, %s, %s, %s, %s, 'write', %s, %s, %s)""",
                    (day, run_id, name, raw_rows.customer(who), place, channel, reason, at_stake, arm),
                )
            for name, title, priority, channel, needs, customers, held, at_stake in LISTS:
                connection.execute(
                    """insert into analytics_runs.list_summary (as_of_date, run_id, list_name, title, priority, rule,
                        channel, action, holdout_share, needs_approval, currency, customers, customers_to_act_on,
                        customers_held_out, value_at_stake)
                    values (%s, %s, %s, %s, %s, 'true', %s, 'write', 0.1, %s, 'GBP', %s, %s, %s, %s)""",
                    (day, run_id, name, title, priority, channel, needs, customers, customers - held, held, at_stake),
                )
            connection.execute(
                f"""insert into {tables.PUBLICATIONS} (as_of_date, run_id, digest, rows_published)
                values (%s, %s, '', '{{}}')""",
                (day, run_id),
            )
