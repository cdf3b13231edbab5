from __future__ import annotations

import os

import pytest

from spark_jobs.io import session


@pytest.mark.parametrize(
    ("master", "cores"),
    [("local", 1), ("local[3]", 3), ("local[4,2]", 4), ("local[*]", len(os.sched_getaffinity(0)))],
)
def test_the_master_limits_the_cores_of_this_machine(monkeypatch: pytest.MonkeyPatch, master: str, cores: int) -> None:
    monkeypatch.setenv("SPARK_MASTER", master)
    assert not session.on_cluster()
    assert session.cores() == cores


def test_other_masters_are_clusters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARK_MASTER", "spark://host:7077")
    assert session.on_cluster()
