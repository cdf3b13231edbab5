"""What a customer's days after a date came to: whether they bought, and the money. The one query for who judges a
forecast; training reads the same table through the macros of dbt_project/macros/outcomes.sql.

A customer bought where a day of the window brought money (int_outcome_days.is_purchase_day), as the features count
purchases. What is given back later lowers the money and leaves the purchase, so that whoever bought within a window
bought within every longer one.
"""

from __future__ import annotations

from clv.catalog import tables

# A query of one row per customer with a line in the days [origin, origin + horizon): customer_key, purchases (purchase
# days) and revenue, in money, refunds subtracted and at least 0. Its parameters are named origin and horizon.
WITHIN = f"""(
    select customer_key, sum(is_purchase_day::integer) as purchases, greatest(sum(net_revenue), 0) as revenue
    from {tables.INT_OUTCOME_DAYS}
    where day >= %(origin)s and day < %(origin)s + %(horizon)s group by customer_key
)"""  # noqa: S608 - our own names
