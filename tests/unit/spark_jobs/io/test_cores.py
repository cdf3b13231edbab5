from __future__ import annotations

import os

import pytest

from spark_jobs.io import cores

ALL = len(os.sched_getaffinity(0))


@pytest.mark.parametrize(
    ("master", "expected"),
    [("local", 1), ("local[3]", 3), ("local[4,2]", 4), ("local[0]", 1), ("local[*]", ALL), ("spark://host:7077", ALL)],
)
def test_the_master_limits_the_cores_of_this_machine(
    monkeypatch: pytest.MonkeyPatch, master: str, expected: int
) -> None:
    monkeypatch.setenv("SPARK_MASTER", master)
    assert cores.allowed() == expected
