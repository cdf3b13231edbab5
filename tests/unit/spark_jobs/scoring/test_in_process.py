from __future__ import annotations

from typing import Any, cast

import pytest

from spark_jobs.scoring import in_process


def test_scoring_uses_as_many_threads_as_the_master_allows_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    def begun(threads: int) -> None:
        raise InterruptedError(threads)

    monkeypatch.setenv("SPARK_MASTER", "local[3]")
    monkeypatch.setattr(in_process, "ThreadPoolExecutor", begun)
    with pytest.raises(InterruptedError) as stopped:
        in_process.score([], cast(Any, None), cast(Any, None))
    assert stopped.value.args == (3,)
