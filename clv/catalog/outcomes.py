"""Outcomes: what a customer did in a window after a past date, that is whether they bought, and their revenue.

The evaluation of forecasts uses this query. Training reads the same table through the macros of
dbt_project/macros/outcomes.sql.

A customer bought in a window if it contains a purchase day (int_outcome_days.is_purchase_day); the features count
purchases by the same rule. A later refund lowers the revenue but does not remove the purchase day. So a customer who
bought within a window bought within every longer window too.
"""

from __future__ import annotations

from clv.catalog import tables

# The columns of a query that is grouped by day: the day, and a digest of the outcomes in it. It is a sum of hashes, so
# that it does not depend on their order, and digests of days add up to that of a window.
DIGEST_OF_DAY = (
    "day, sum(hashtextextended(concat_ws(' ', customer_key, day, is_purchase_day, net_revenue), 0)) as digest"
)

# A query with one row per customer who has a line in the days [origin, origin + horizon). Its columns are customer_key,
# purchases (the number of purchase days) and revenue (money, less refunds, at least 0). Its parameters are origin (a
# date) and horizon (days).
WITHIN = f"""(
    select customer_key, sum(is_purchase_day::integer) as purchases, greatest(sum(net_revenue), 0) as revenue
    from {tables.INT_OUTCOME_DAYS}
    where day >= %(origin)s and day < %(origin)s + %(horizon)s group by customer_key
)"""  # noqa: S608 - our own names
