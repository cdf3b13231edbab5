"""The comparison of the published rows of two checkouts, on small tables."""

import gzip
import importlib.util
import sys

import pytest

from clv.core.settings import PROJECT


@pytest.fixture(scope="module")
def digests():
    spec = importlib.util.spec_from_file_location("digests", PROJECT / "scripts" / "digests.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["digests"] = module  # dataclasses look up their module there
    spec.loader.exec_module(module)
    yield module
    del sys.modules["digests"]


def kept(folder, table, *lines):
    """Writes a table as the script stores it; returns its folder."""
    (folder / "shop").mkdir(parents=True, exist_ok=True)
    with gzip.open(folder / "shop" / f"{table}.tsv.gz", "wt") as file:
        file.write("".join(f"{line}\n" for line in lines))
    return folder


HEAD = "as_of_date\tcustomer\tvalue"


def test_rows_in_another_order_are_equal_whatever_their_run(digests, tmp_path):
    head = f"{HEAD}\trun_id"
    before = kept(
        tmp_path / "a", "clv", head, "2024-01-01\tc1\t1.50\tr1", "2024-01-01\tc2\t2\tr1", "2024-02-01\tc1\t3\tr2"
    )
    after = kept(
        tmp_path / "b", "clv", head, "2024-02-01\tc1\t3\tr9", "2024-01-01\tc2\t2\tr8", "2024-01-01\tc1\t1.50\tr8"
    )
    found = list(digests.compared("shop", before, after))
    assert [(line[1], line[3], line[-1]) for line, _ in found] == [
        ("2024-01-01", "2", "equal"),
        ("2024-02-01", "1", "equal"),
    ]
    assert [report for _, report in found] == [[], []]


def test_a_changed_value_is_named_with_its_row_and_column(digests, tmp_path):
    before = kept(tmp_path / "a", "clv", HEAD, "2024-01-01\tc1\t1.50", "2024-01-01\tc2\t2")
    after = kept(tmp_path / "b", "clv", HEAD, "2024-01-01\tc1\t1.51", "2024-01-01\tc2\t2")
    [(line, report)] = digests.compared("shop", before, after)
    assert line[-1] == "DIFFERS"
    assert line[4] != line[5]
    assert report == [
        "1 rows before and 1 after have no equal row on the other side; columns that differ: value",
        "for example: as_of_date 2024-01-01, customer c1",
        "    value: 1.50 -> 1.51",
    ]


def test_a_row_that_stands_twice_differs_from_one_that_stands_once(digests, tmp_path):
    before = kept(tmp_path / "a", "clv", HEAD, "2024-01-01\tc1\t1", "2024-01-01\tc1\t1")
    after = kept(tmp_path / "b", "clv", HEAD, "2024-01-01\tc1\t1")
    [(line, report)] = digests.compared("shop", before, after)
    assert line[-1] == "DIFFERS"
    assert report[0].startswith("1 rows before and 0 after")


def test_a_new_table_changes_no_row_and_a_missing_one_does(digests, tmp_path):
    before = kept(tmp_path / "a", "clv", HEAD, "2024-01-01\tc1\t1")
    after = kept(tmp_path / "b", "clv", f"added\t{HEAD}", "x\t2024-01-01\tc1\t1")
    kept(after, "another", "as_of_date", "2024-01-01")
    report = [(line[2], line[-1], bool(report)) for line, report in digests.compared("shop", before, after)]
    assert report == [("another", "new", False), ("clv", "new: added", False), ("clv", "equal", False)]
    report = [(line[2], line[-1], bool(report)) for line, report in digests.compared("shop", after, before)]
    assert report == [("another", "gone", True), ("clv", "columns gone", True), ("clv", "equal", False)]
