"""What the notes of builds stand for."""

from __future__ import annotations

from pathlib import Path

import pytest

from clv.catalog import dbt_project
from clv.transform import notes


def test_the_digest_of_the_sql_covers_the_data_tests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    test = tmp_path / "tests" / "generic" / "holds.sql"
    test.parent.mkdir(parents=True)
    test.write_text("select 1")
    monkeypatch.setattr(dbt_project, "PROJECT", tmp_path)
    before = notes.sql_digest()
    test.write_text("select 2")
    assert notes.sql_digest() != before
