"""The sequence of a customer's latest purchase days, as networks read it."""

from __future__ import annotations

import numpy as np

from spark_jobs.features.columns import Array, Columns
from spark_jobs.features.purchases import COLUMN, LATEST, PER_DAY

STEPS = LATEST + 1
CHANNELS = 5


def steps(columns: Columns) -> Array:
    """Returns the sequences, shape (n, STEPS, CHANNELS), oldest first.

    columns: days_since_last_order, order_value_mean, and the latest purchase days (see spark_jobs/features/purchases),
    with NaN for days that a customer does not have, and for items that are not known. The last step is the date: the
    silence since the last purchase day. The channels are logs of the gap, of the money over the customer's mean, and of
    items, and what the step is: a purchase day, or the date.
    """
    purchases = columns[COLUMN].reshape(-1, len(PER_DAY), LATEST)
    used = ~np.isnan(purchases[:, 0])
    gap, money, items = (np.maximum(np.nan_to_num(purchases[:, place]), 0) for place in range(len(PER_DAY)))
    relative = np.log1p(money) - np.log1p(np.maximum(np.nan_to_num(columns["order_value_mean"]), 0))[:, None]
    days = np.stack([np.log1p(gap), relative, np.log1p(items), used, np.zeros_like(gap)], -1) * used[..., None]
    date = np.zeros((len(purchases), 1, CHANNELS))
    date[:, 0, 0], date[:, 0, 4] = np.log1p(columns["days_since_last_order"]), 1
    return np.concatenate([days, date], 1)
