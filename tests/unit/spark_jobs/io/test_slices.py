from __future__ import annotations

import uuid

import pyarrow as pa

from spark_jobs.io import slices


def test_key_ranges_cover_every_key_once() -> None:
    ranges = [(uuid.UUID(low).int, uuid.UUID(high).int) for low, high in slices.key_ranges(3)]
    assert ranges[0][0] == 0
    assert ranges[-1][1] == 2**128 - 1
    assert [low for low, _ in ranges[1:]] == [high + 1 for _, high in ranges[:-1]]


def test_a_share_of_the_customers_is_the_first_part_of_the_keys() -> None:
    assert slices.key_ranges(1, 0.5) == [(str(uuid.UUID(int=0)), str(uuid.UUID(int=2**127 - 1)))]


def test_the_number_of_partitions_depends_on_the_rows_alone() -> None:
    assert [slices.partitions_for(rows) for rows in (0, 200_000, 200_001)] == [2, 2, 3]


def test_csv_has_empty_nulls_and_doubled_quotes() -> None:
    batch = pa.RecordBatch.from_pydict({"a": [1.5, None], "b": ['say "x"', None]})
    assert slices.csv_bytes(batch) == b'1.5,"say ""x"""\n,\n'
