"""The sequence of a customer's latest purchase days, as networks read it."""

from __future__ import annotations

import numpy as np

from spark_jobs.features.columns import Array, Columns

COLUMN = "purchases"  # of columns, shape (n, LATEST, 3): see `steps`
LATEST = 32  # number of latest purchase days that are read
CHANNELS = 5


def steps(columns: Columns) -> Array:
    """Returns the sequences, shape (n, LATEST + 1, CHANNELS), oldest first.

    columns: days_since_last_order, order_value_mean, and COLUMN: for each of the latest purchase days, oldest first,
    the days since the purchase day before it (0 at the first), the money, and the number of items. NaN where a customer
    has fewer days, at the start, and where items are not known. The last step is the date: the silence since the last
    purchase day. The channels are logs of the gap, of the money over the customer's mean, and of items, and what the
    step is: a purchase day, or the date.
    """
    purchases = columns[COLUMN]
    used = ~np.isnan(purchases[..., 0])
    gap, money, items = (np.maximum(np.nan_to_num(purchases[..., place]), 0) for place in range(3))
    relative = np.log1p(money) - np.log1p(np.maximum(np.nan_to_num(columns["order_value_mean"]), 0))[:, None]
    days = np.stack([np.log1p(gap), relative, np.log1p(items), used, np.zeros_like(gap)], -1) * used[..., None]
    date = np.zeros((len(purchases), 1, CHANNELS))
    date[:, 0, 0], date[:, 0, 4] = np.log1p(columns["days_since_last_order"]), 1
    return np.concatenate([days, date], 1)
