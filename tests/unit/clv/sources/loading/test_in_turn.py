"""Files are read one ahead, and everything shows in their order."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from clv.core.errors import ClvError
from clv.sources.connectors.protocol import Batch
from clv.sources.loading.in_turn import in_turn

BATCHES = [Batch(f"{name}.csv", Path(f"{name}.csv")) for name in "abc"]


class Shop:
    """Records what happens to files. bad: the name of one that cannot be read."""

    def __init__(self, bad: str = "") -> None:
        self.bad, self.done, self.read_of_b = bad, [], threading.Event()

    def begun(self, batch: Batch) -> Recorded:
        return Recorded(batch, self)

    def read(self, reading: Recorded) -> None:
        name = reading.batch.name
        if name == self.bad:
            raise ClvError(f"{name} is broken")
        self.done.append(f"read {name}")
        if name == "b.csv":
            self.read_of_b.set()

    def files(self, ahead: bool) -> Generator[Any]:
        return in_turn(BATCHES, self.begun, self.read, ahead)  # type: ignore[arg-type]


class Recorded:
    """Stands for a file that is read."""

    def __init__(self, batch: Batch, shop: Shop) -> None:
        self.batch, self.shop, self.is_abandoned = batch, shop, False

    def abandon(self) -> None:
        self.is_abandoned = True

    def close(self) -> None:
        self.shop.done.append(f"close {self.batch.name}")


def test_the_next_file_is_read_while_one_is_loaded():
    shop = Shop()
    files = shop.files(ahead=True)
    assert next(files).batch.name == "a.csv"
    assert shop.read_of_b.wait(10)
    assert [reading.batch.name for reading in files] == ["b.csv", "c.csv"]
    assert sorted(shop.done) == [*(f"close {name}.csv" for name in "abc"), *(f"read {name}.csv" for name in "abc")]


def test_without_reading_ahead_a_file_is_requested_when_the_one_before_it_is_closed():
    shop = Shop()
    for reading in shop.files(ahead=False):
        shop.done.append(f"load {reading.batch.name}")
    assert shop.done == [f"{what} {name}.csv" for name in "abc" for what in ("read", "load", "close")]


@pytest.mark.parametrize("ahead", [True, False])
def test_a_file_that_cannot_be_read_stops_after_all_files_before_it(ahead):
    shop = Shop(bad="b.csv")
    files = shop.files(ahead)
    assert next(files).batch.name == "a.csv"
    with pytest.raises(ClvError, match=r"b\.csv is broken"):
        next(files)
    assert shop.done == ["read a.csv", "close a.csv", "close b.csv"]


def test_what_was_read_ahead_is_removed_where_a_load_ends():
    shop = Shop()
    with closing(shop.files(ahead=True)) as files:
        next(files)
        assert shop.read_of_b.wait(10)
    assert shop.done == ["read a.csv", "read b.csv", "close a.csv", "close b.csv"]
