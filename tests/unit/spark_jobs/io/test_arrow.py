"""Rows of Arrow become arrays by column."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from spark_jobs.io.arrow import columns_of


def test_numbers_become_columns_lists_become_rows_of_numbers_and_other_types_are_left_out() -> None:
    batch = pa.RecordBatch.from_pydict({"key": ["a", "b"], "n": [1, None], "each": [[1.0, 2.0], [None, 4.0]]})
    found = columns_of(batch)
    assert found.keys() == {"n", "each"}
    np.testing.assert_array_equal(found["n"], [1, np.nan])
    np.testing.assert_array_equal(found["each"], [[1, 2], [np.nan, 4]])
    np.testing.assert_array_equal(columns_of(batch.slice(1))["each"], [[np.nan, 4]])
    np.testing.assert_array_equal(columns_of(pa.Table.from_batches([batch, batch]))["each"][2:], found["each"])
    assert columns_of(batch.slice(2))["each"].shape == (0, 0)
