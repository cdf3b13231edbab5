from __future__ import annotations

import pytest

from spark_jobs.io import session


@pytest.mark.parametrize("master", ["local", "local[3]", "local[*]"])
def test_local_masters_are_no_clusters(monkeypatch: pytest.MonkeyPatch, master: str) -> None:
    monkeypatch.setenv("SPARK_MASTER", master)
    assert not session.on_cluster()


def test_other_masters_are_clusters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARK_MASTER", "spark://host:7077")
    assert session.on_cluster()
