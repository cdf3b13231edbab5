"""Files in the landing folder that did not change are not read again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from clv import sources
from clv.core import settings
from clv.sources.loading import landed, reading

HEADER = "order_id,customer_id,ordered_at,amount,currency"
FIRST, OTHER = "o1,a,2024-05-01 10:00:00,10.00,EUR", "o1,a,2024-05-01 10:00:00,20.00,EUR"


@pytest.fixture
def landing(home: settings.Settings, monkeypatch: pytest.MonkeyPatch):
    """Loads the landing folder; returns the files that were read and those that were loaded."""
    monkeypatch.setattr(landed, "SETTLED", -1)  # files of tests are new
    read: list[str] = []
    prepared = reading.prepared

    def noted(path: Path, name: str, *more):
        read.append(name)
        return prepared(path, name, *more)

    monkeypatch.setattr(reading, "prepared", noted)

    def load() -> tuple[list[str], list[str]]:
        read.clear()
        results = sources.landing(home)
        return sorted(read), [result.file_name for result in results if not result.already_loaded]

    return load


def write(home: settings.Settings, name: str, row: str) -> Path:
    path = home.landing / "orders" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{HEADER}\n{row}\n")
    return path


def test_only_files_that_are_new_or_changed_are_read(home, landing):
    first = write(home, "a.csv", FIRST)
    assert landing() == (["a.csv"], ["a.csv"])
    write(home, "b.csv", FIRST.replace("o1", "o2"))
    assert landing() == (["b.csv"], ["b.csv"])
    assert landing() == ([], [])
    times = first.stat()
    write(home, "a.csv", OTHER)  # of the same size
    os.utime(first, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert landing() == (["a.csv"], ["a.csv"])
    assert landing() == ([], [])


def test_a_file_of_a_changed_mapping_is_read_and_loaded_again(home, landing):
    write(home, "a.csv", FIRST)
    landing()
    (home.home / "sources").mkdir()
    text = "{customer: customer_id, order: order_id, time: ordered_at, amount: amount, currency: {column: currency}}"
    (home.home / "sources" / "orders.yml").write_text(text)
    assert landing() == (["a.csv"], ["a.csv"])


def test_a_file_that_was_corrected_by_hand_is_not_loaded_again(home, landing, tmp_path):
    write(home, "a.csv", FIRST)
    landing()
    (tmp_path / "a.csv").write_text(f"{HEADER}\n{OTHER}\n")
    assert not sources.load("orders", tmp_path / "a.csv", home)[0].already_loaded
    assert landing() == ([], [])


def test_a_damaged_or_lost_list_of_digests_costs_reading_the_files(home, landing):
    write(home, "a.csv", FIRST)
    landing()
    place = home.home / landed.NAME
    for damaged in ("[1, 2]", '{"a": 1', f'{{"{home.landing}/orders/a.csv": 5}}'):
        place.write_text(damaged)
        assert landing() == (["a.csv"], [])
    assert landing() == ([], [])


def test_the_list_holds_no_files_that_are_gone(home, landing):
    write(home, "a.csv", FIRST)
    landing()
    (home.landing / "orders" / "a.csv").unlink()
    path = write(home, "b.csv", OTHER)
    landing()
    assert list(landed._read(home.home / landed.NAME)) == [str(path)]


def test_a_file_that_changed_just_now_is_read_again(home, landing, monkeypatch):
    monkeypatch.setattr(landed, "SETTLED", 3_600_000_000_000)
    write(home, "a.csv", FIRST)
    assert landing() == (["a.csv"], ["a.csv"])
    assert landing() == (["a.csv"], [])
