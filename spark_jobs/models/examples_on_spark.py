"""What the learned baselines share: their inputs, the closed windows as a Spark data frame, and their parameters as
JSON.

The inputs are logs of counts, money and days; the labels are the money spent and whether there was an order. There are
no offsets and no calibration of totals, so these are models as a data scientist would first write them. Most are
trained on Spark; all predict in numpy. A fitted model is a few lists of numbers, which any worker can use.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from pyspark.ml.functions import array_to_vector
from pyspark.sql import DataFrame
from pyspark.sql import functions as sf

from spark_jobs.features.columns import PRIOR_YEAR, WINDOWS, Array, Columns
from spark_jobs.io import session
from spark_jobs.models.forecaster import Past, Unfit, nothing_closed
from spark_jobs.models.rules.rfm_cells import Cells, fit_cells

FEWEST_BUYERS = 50  # and at least as many customers who did not buy; below that, there is too little to learn from
READ = [
    "days_with_orders", "recency", "t", "days_since_last_order", "revenue_total",
    *(f"orders_{w}" for w in WINDOWS), *(f"revenue_{w}" for w in WINDOWS),
    *(f"{what}_prior_year_{h}" for what in ("orders", "revenue") for h in PRIOR_YEAR[:-1]),
    "order_value_mean", "order_value_std", "order_value_max", "last_order_value", "gap_mean", "gap_last",
    "distinct_products", "distinct_categories", "items_total",
]  # fmt: skip
LEARNED = "what {} learned from customers' orders, spend and silence and what followed them"
DESCENT = {"maxIter": 50, "tol": 1e-5}
SHRINKAGE = 0.01  # L2 penalty, for inputs in units of their standard deviation


def plain_inputs(columns: Columns) -> Array:
    """Returns the columns of READ, shape (n, len(READ)); missing and negative values are 0."""
    return np.maximum(np.nan_to_num(np.column_stack([columns[name] for name in READ])), 0)


def log_inputs(columns: Columns) -> Array:
    """Returns log(1 + value) of each plain input."""
    return np.log1p(plain_inputs(columns))


@dataclass(frozen=True)
class Closed:
    """The closed windows to learn from, in a fixed order, shape (n,): plain inputs of shape (n, len(READ)), `bought` (0
    or 1), `spent`, the customer key, the origin, and all columns. buyers: RFM cells of what buyers spent."""

    inputs: Array
    bought: Array
    spent: Array
    customer: Array
    buyers: Cells
    origin: Array
    columns: Columns


@dataclass(frozen=True)
class Examples:
    """The closed windows to learn from.

    rows: a data frame with the vectors `logs` and `plain`, `bought` (0 or 1), `spent` and customer_key. It has one
    partition in a fixed order, so that the fits depend on the examples alone. buyers: RFM cells of what buyers spent.
    """

    rows: DataFrame
    buyers: Cells


def closed(past: Past) -> Closed:
    """Returns the closed windows. Raises Unfit if no window is closed, or if too few customers bought or did not
    buy."""
    columns, bought, spent = past.closed()
    count, others = int(bought.sum()), int(len(bought) - bought.sum())
    if not len(bought):
        raise nothing_closed(past)
    if min(count, others) < FEWEST_BUYERS:
        raise Unfit(
            f"{count} customers bought in closed windows and {others} did not; at least {FEWEST_BUYERS} each are needed"
        )
    rows = past.closed_rows()
    customer, origin = past.customer[rows], past.origin[rows]
    order = np.lexsort((np.unique(customer, return_inverse=True)[1], origin))
    who = bought > 0
    buyers = fit_cells({name: values[who] for name, values in columns.items()}, bought[who], spent[who])
    columns = {name: values[order] for name, values in columns.items()}
    return Closed(plain_inputs(columns), bought[order], spent[order], customer[order], buyers, origin[order], columns)


@contextmanager
def examples(past: Past) -> Iterator[Examples]:
    """Yields the closed windows, which Spark keeps in memory until the block ends. Raises Unfit like `closed`."""
    found = closed(past)
    table = pa.table({
        "place": np.arange(len(found.bought)),
        "customer_key": pa.array(found.customer.tolist(), pa.string()),
        "plain": pa.array(list(found.inputs), pa.list_(pa.float64())),
        "logs": pa.array(list(np.log1p(found.inputs)), pa.list_(pa.float64())),
        "bought": found.bought, "spent": found.spent,
    })  # fmt: skip
    rows = session.current().createDataFrame(table).repartition(1).sortWithinPartitions("place")
    for name in ("plain", "logs"):
        rows = rows.withColumn(name, array_to_vector(sf.col(name)))
    rows = rows.persist()
    try:
        yield Examples(rows, found.buyers)
    finally:
        rows.unpersist()
