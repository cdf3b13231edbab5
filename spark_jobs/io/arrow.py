"""Converts the Arrow batches in which Spark passes rows to Python into the arrays that the pure functions take."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def columns_of(batch: pa.RecordBatch | pa.Table) -> dict[str, np.ndarray]:
    """Returns the numeric columns of a batch by name, as float64 with NaN for null. A column of lists of one length has
    the shape (rows, length); without rows the length is 0. Columns of other types are left out."""
    found = {}
    for field in batch.schema:
        values, rows = batch.column(field.name), (len(batch),)
        if pa.types.is_list(field.type):
            values, rows = pc.list_flatten(values), (len(batch), -1 if len(batch) else 0)  # type: ignore[attr-defined]
        if pa.types.is_floating(values.type) or pa.types.is_integer(values.type):
            found[field.name] = values.cast(pa.float64()).to_numpy(zero_copy_only=False).reshape(rows)
    return found
