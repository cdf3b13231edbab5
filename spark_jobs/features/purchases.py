"""The latest purchase days of a customer before a date, in their order: one more column of the features, computed from
the customer-days where it is read. Only some forecasters need it (`READS_PURCHASES`)."""

from __future__ import annotations

from clv.catalog import tables

COLUMN = "purchases"  # of columns, shape (n, len(PER_DAY) * LATEST), see MEANING
LATEST = 32  # number of latest purchase days that are read
PER_DAY = ("gap", "money", "items")  # the numbers of each day
COLUMNS = {COLUMN: "double precision[]"}

# SQL of the column for a row of features. For each of the latest purchase days, oldest first: the days since the
# purchase day before it (0 at the first); then, of the same days, the revenue less refunds, and the number of items.
# Days that a customer does not have are null, at the start, so that every array has the same length.
_MISSING = f"array_fill(null::double precision, array[{LATEST} - count(*)::integer])"
MEANING = {
    COLUMN: f"""
        select {" || ".join(f"{_MISSING} || array_agg({name}::double precision order by day)" for name in PER_DAY)}
        from (
            select day, coalesce(days_since_purchase, 0) as gap, net_revenue as money, items
            from {tables.INT_CUSTOMER_DAYS} as days
            where days.customer_key = t.customer_key and days.day < t.as_of_date and is_purchase_day
            order by day desc limit {LATEST}
        ) as latest
    """  # noqa: S608 - our own names
}
