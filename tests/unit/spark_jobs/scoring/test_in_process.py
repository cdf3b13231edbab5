from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, cast

import psutil
import pytest

from clv.core.errors import ClvError
from spark_jobs.explain.explaining import Sums
from spark_jobs.io import kept
from spark_jobs.scoring import in_process, rows


def test_a_process_that_is_killed_while_it_writes_is_one_line_and_leaves_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    @contextmanager
    def writing(_: int, __: list[str]) -> Iterator[None]:
        os.kill(os.getpid(), signal.SIGKILL)
        yield

    monkeypatch.setenv("SPARK_MASTER", "local[2]")
    monkeypatch.setattr(rows, "predicted", lambda *_: [])
    monkeypatch.setattr(rows, "sums", lambda _: Sums())
    cleared: list[int] = []
    target = SimpleNamespace(parts=2, clear=lambda: cleared.append(os.getpid()), replacing=writing)
    before = psutil.Process().children(recursive=True)
    with (
        kept.keeping(2) as features,
        pytest.raises(ClvError, match="a process was killed while customers were scored, perhaps because memory"),
    ):
        in_process.score(features, cast(Any, None), cast(Any, target))
    assert cleared == [os.getpid()]
    assert psutil.Process().children(recursive=True) == before
