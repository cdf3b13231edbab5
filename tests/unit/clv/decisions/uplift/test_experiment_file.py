"""Past experiments read from files, and the line that each mistake gives."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pytest

from clv.core.errors import ClvError
from clv.decisions.uplift.experiment_file import Named, read

ROWS = """id,group,bought,spent,age,channel,since
007,mail,yes,1.5,30,Web,2024-01-02
8,control,no,0,,Phone,2024-01-03
9,mail,no,0,50,,2024-01-02
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "past.csv"
    path.write_text(ROWS)
    return path


def test_rows_become_arms_outcomes_and_inputs(file: Path):
    found = read(file, Named("group", "spent", "id", ("age", "channel", "since")))
    assert found.customers == ["007", "8", "9"]
    assert (found.arms, found.arm.tolist()) == (("control", "mail"), [1, 0, 1])
    assert found.outcome.tolist() == [1.5, 0, 0]
    np.testing.assert_array_equal(found.inputs[:, :3], [[30, 1, 0], [np.nan, 0, 1], [50, 0, 0]])
    assert np.diff(found.inputs[:, 3]).tolist() == [1, -1]  # days


def test_yes_and_no_are_numbers_and_rows_are_counted_without_ids(file: Path):
    found = read(file, Named("group", "bought"))
    assert (found.customers, found.outcome.tolist()) == (["1", "2", "3"], [1, 0, 0])
    assert found.inputs.shape == (3, 0)


def test_parquet_is_read_alike(file: Path, tmp_path: Path):
    named = Named("group", "spent", "id", ("age", "channel", "since"))
    parquet = tmp_path / "past.parquet"
    duckdb.sql(f"copy (from read_csv('{file}', types = {{'id': 'VARCHAR'}})) to '{parquet}'")
    one, other = read(file, named), read(parquet, named)
    assert (one.customers, one.arms) == (other.customers, other.arms)
    np.testing.assert_array_equal(one.inputs, other.inputs)


def test_the_control_can_be_named(file: Path):
    assert read(file, Named("group", "spent"), control="mail").arms == ("mail", "control")


@pytest.mark.parametrize(
    ("named", "control", "says"),
    [
        (Named("arm", "spent"), None, "past.csv has no column 'arm'; name one of its columns: id, group, bought"),
        (Named("group", "group"), None, "'group' cannot be both the arm and the outcome"),
        (Named("group", "spent", None, ("age", "spent")), None, "'spent' is the outcome and no feature; leave it out"),
        (Named("group", "spent", covariate="group"), None, "'group' is the arm and no covariate"),
        (Named("group", "spent", covariate="age"), None, "row 2 is empty in the column 'age', the covariate; write a"),
        (Named("group", "channel"), None, "row 1 has 'xxx' in the column 'channel', the outcome; write a number"),
        (
            Named("group", "spent"),
            "none",
            "no customer is in the arm 'none'; name as --control one of 'control', 'mail'",
        ),
        (Named("since", "spent"), None, "say which arm was left alone by --control; the arms are '2024-01-02', "),
        (Named("channel", "spent"), None, "row 3 has no arm in the column 'channel'; complete it, or leave"),
        (Named("group", "spent", "since"), None, "a customer is in 2 rows, first in rows 1 and 3; add up the"),
    ],
)
def test_a_mistake_is_one_line_with_the_remedy(file: Path, named: Named, control: str | None, says: str):
    with pytest.raises(ClvError) as raised:
        read(file, named, control)
    assert says in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_column_of_many_values_is_no_arm(file: Path):
    file.write_text("arm,spent\n" + "".join(f"{row},0\n" for row in range(11)))
    with pytest.raises(ClvError, match="the column 'arm' has 11 values, and an experiment 2 to 10 arms"):
        read(file, Named("arm", "spent"))


def test_files_that_cannot_be_read_are_named(file: Path, tmp_path: Path):
    with pytest.raises(ClvError, match="absent.csv is absent; check the path"):
        read(tmp_path / "absent.csv", Named("group", "spent"))
    workbook = file.rename(tmp_path / "past.xlsx")
    with pytest.raises(ClvError, match=r"past.xlsx is neither CSV nor Parquet; export the experiment as one of them"):
        read(workbook, Named("group", "spent"))
    empty = tmp_path / "empty.csv"
    empty.write_text("group,spent\n")
    with pytest.raises(ClvError, match=r"empty.csv has no rows; export the experiment again"):
        read(empty, Named("group", "spent"))
