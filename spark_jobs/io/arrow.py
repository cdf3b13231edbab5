"""Converts the Arrow batches in which Spark passes rows to Python into the arrays that the pure functions take."""

from __future__ import annotations

import numpy as np
import pyarrow as pa


def columns_of(batch: pa.RecordBatch | pa.Table) -> dict[str, np.ndarray]:
    """Returns the numeric columns of a batch by name, as float64 with NaN for null. Columns of other types are left
    out."""
    return {
        field.name: batch.column(field.name).cast(pa.float64()).to_numpy(zero_copy_only=False)
        for field in batch.schema
        if pa.types.is_floating(field.type) or pa.types.is_integer(field.type)
    }
