from __future__ import annotations

import resource
from pathlib import Path

import pyarrow as pa
import pytest

from clv.core.errors import ClvError
from spark_jobs.io import kept, parallel
from spark_jobs.io.kept import Kept

ROWS = pa.RecordBatch.from_pydict({"a": [1.5, None], "b": [[1.0, 2.0], None], "c": ["x", None]})


def keep(files: Kept, part: int) -> int:
    files.write(part, [ROWS] * part)
    return part


def lengths(files: Kept, part: int) -> list[int]:
    return [batch.num_rows for batch in files.read(part)]


def test_rows_are_kept_by_part_for_all_processes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SPARK_MASTER", "local[2]")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with kept.keeping(3) as files:
        with parallel.on_this_machine(files, "nothing was kept") as each:
            assert list(each(keep, range(3))) == [0, 1, 2]
            assert list(each(lengths, range(3))) == [[], [2], [2, 2]]
        assert files.read(2) == [ROWS, ROWS]
        files.write(2, [ROWS])
        assert files.read(2) == [ROWS]
        assert list(tmp_path.iterdir()) == []  # nothing that a killed process could leave


def test_a_full_disk_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with kept.keeping(1) as files:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
        try:
            with pytest.raises(
                ClvError, match=rf"could not be kept in {tmp_path} (.*); free space there, or set TMPDIR"
            ):
                files.write(0, [ROWS])
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
