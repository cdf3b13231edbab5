"""Converts between Arrow batches, in which Spark passes rows to Python, and the arrays of pure functions."""

from __future__ import annotations

import numpy as np
import pyarrow as pa


def columns_of(batch: pa.RecordBatch) -> dict[str, np.ndarray]:
    """The numeric columns of a batch by name, as double, nulls as NaN; other columns are left out."""
    return {
        field.name: batch.column(field.name).cast(pa.float64()).to_numpy(zero_copy_only=False)
        for field in batch.schema
        if pa.types.is_floating(field.type) or pa.types.is_integer(field.type)
    }
