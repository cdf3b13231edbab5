"""What becomes of an error that one of Spark's workers raises."""

from __future__ import annotations

import pytest

from clv.core.errors import ClvError, NotFoundError, Unavailable
from clv.core.settings import Settings, located
from spark_jobs.io import parallel, session


def test_an_error_of_a_worker_stays_what_it_was(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARK_MASTER", "local[1]")
    home: Settings = located(tmp_path)
    words = "no money today: come back tomorrow"

    def refused(words: str, kind: type[ClvError]) -> None:
        raise kind(words)

    with session.running("errors", home) as spark:
        monkeypatch.setattr(session, "on_cluster", lambda: True)
        for kind in (ClvError, NotFoundError, Unavailable):
            with pytest.raises(ClvError) as task, session.running("task", home), parallel.sharing(words, "-") as each:
                list(each(refused, [kind]))
            assert (type(task.value), str(task.value)) == (kind, words)

        def lost(batches):
            raise Unavailable(words)

        with pytest.raises(ClvError) as query, session.running("query", home):
            spark.range(1).mapInArrow(lost, "id long").collect()
        assert (type(query.value), str(query.value)) == (Unavailable, words)
