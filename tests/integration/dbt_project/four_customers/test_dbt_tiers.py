"""Value tiers by the query of customer_standings, for invented ranks. Expected tiers are derived by hand."""

from __future__ import annotations

import re

import dbt_calls
from four_customers import VARIABLES

from clv.core import settings
from clv.warehouse import db

# Percent above at the training date of the model (None: not a customer yet) and today, and the expected tier.
HELD = [
    ((0.5, 1.05), "Platinum"),  # past 1 %, but by less than the tolerance of a tenth
    ((0.5, 1.1), "Gold"),
    ((2, 0.9), "Gold"),
    ((2, 0.89), "Platinum"),
    ((9.99, 10.99), "Silver"),
    ((10, 9), "Bronze"),
    ((10, 8.99), "Silver"),
    ((None, 9.99), "Silver"),
    ((None, 10), "Bronze"),
    ((0.5, 5.4), "Gold"),  # out of the top 1 %, but within the tolerance of 5 %
    ((0.5, 60), "Low"),
    ((90, 0), "Platinum"),
    ((49, 54.9), "Medium"),
    ((49, 55), "Low"),
    ((99, 99.9), "Low"),
]


def test_a_tier_changes_once_its_end_is_passed_by_the_tolerance(shop: dict, module_home: settings.Settings):
    compiled = dbt_calls.compiled("customer_standings", VARIABLES, module_home)
    tiers = re.findall(r"^tiers as \((.*?)^\)", compiled, flags=re.DOTALL | re.MULTILINE)
    with db.connect() as connection:
        for name in ("ranked", "reference_ranks"):
            connection.execute(f"create temporary table {name} (customer_key integer, percent_above numeric)")  # type: ignore[arg-type]
        for number, ((then, now), _) in enumerate(HELD):
            connection.execute("insert into ranked values (%s, %s)", (number, now))
            if then is not None:
                connection.execute("insert into reference_ranks values (%s, %s)", (number, then))
        connection.execute("create temporary table value_tiers as select * from analytics_runs.value_tiers")
        query = f"select value_tier from ({tiers[-1]}) as tiers order by customer_key"
        found = connection.execute(query).fetchall()  # type: ignore[arg-type]
        connection.rollback()
    assert found == [(name,) for _, name in HELD]
