"""How the baselines of a date are fitted."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

import pyarrow as pa
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from spark_jobs import baselines
from spark_jobs.features.columns import FEATURE_COLUMNS
from spark_jobs.io import session
from spark_jobs.models import registry


def blas_threads() -> set[int]:
    return {found["num_threads"] for found in threadpool_info() if found["user_api"] == "blas"}


def test_every_fit_has_one_thread_for_blas_also_beside_another(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = pa.table(dict.fromkeys([*FEATURE_COLUMNS, "customer_key"], [0.0]) | {"as_of_date": [date(2024, 1, 1)]})
    frame = SimpleNamespace(select=lambda *_: frame, toArrow=lambda: rows, sparkSession=None)
    seen = []
    monkeypatch.setattr(session, "slots", lambda _: 2)
    monkeypatch.setattr(registry, "names", lambda: ["one", "two"])
    monkeypatch.setattr(registry, "is_optional", lambda _: False)
    monkeypatch.setattr(registry, "fit", lambda names, *_: seen.append(blas_threads()) or ({names[0]: {}}, {}))
    with threadpool_limits(limits=2, user_api="blas"):
        found, left_out = baselines.fit(frame, frame, date(2024, 6, 1), [90])  # type: ignore[arg-type]
        assert blas_threads() == {2}
    assert found == {90: {"one": {}, "two": {}}}
    assert left_out == {90: {}}
    assert seen == [{1}, {1}]
