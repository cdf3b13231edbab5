from __future__ import annotations

import uuid

import pyarrow as pa
import pytest

from clv.core.errors import Unavailable
from spark_jobs.io import parallel, slices

GONE = "postgresql://me:SECRET@127.0.0.1:1/shop"


def read(_: None, url: str) -> pa.Table:
    return slices.Slice("numbers", {}, 1, url).read(0, {"a": "text"})


def test_a_warehouse_that_does_not_answer_is_unavailable_in_a_process_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARK_MASTER", "local[2]")
    lost = r"the warehouse at 127.0.0.1:1/shop could not be read \(IO: .*refused.*\); run `clv up`, or check CLV_WAREH"
    with pytest.raises(Unavailable, match=lost) as stopped, parallel.sharing(None, "nothing was read") as each:
        list(each(read, [GONE, GONE]))
    assert "SECRET" not in str(stopped.value)


def test_key_ranges_cover_every_key_once() -> None:
    ranges = [(uuid.UUID(low).int, uuid.UUID(high).int) for low, high in slices.key_ranges(3)]
    assert ranges[0][0] == 0
    assert ranges[-1][1] == 2**128 - 1
    assert [low for low, _ in ranges[1:]] == [high + 1 for _, high in ranges[:-1]]


def test_the_number_of_partitions_depends_on_the_rows_alone() -> None:
    assert [slices.partitions_for(rows) for rows in (0, 200_000, 200_001)] == [2, 2, 3]


def test_csv_has_empty_nulls_and_doubled_quotes() -> None:
    batch = pa.RecordBatch.from_pydict({"a": [1.5, None], "b": ['say "x"', None]})
    assert slices.csv_bytes(batch) == b'1.5,"say ""x"""\n,\n'


def test_a_slice_shows_no_password() -> None:
    assert repr(slices.Slice("numbers", {"a": 1}, 2, GONE)) == "Slice(table='numbers', where={'a': 1}, parts=2)"
