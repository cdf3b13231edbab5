"""Upkeep of files: old files are deleted, new ones stay, and a file that another process deletes causes no error."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from clv.pipeline import upkeep

SINCE = datetime(2024, 3, 1, tzinfo=UTC)


def put(path: Path, written: datetime) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")
    for touched in (path, path.parent):
        os.utime(touched, (written.timestamp(), written.timestamp()))
    return path


def test_old_files_go_and_new_ones_stay(tmp_path):
    old = put(tmp_path / "blockmgr-1" / "a", datetime(2024, 2, 1, tzinfo=UTC))
    new = put(tmp_path / "blockmgr-2" / "b", datetime(2024, 3, 2, tzinfo=UTC))
    assert upkeep._remove_files(tmp_path, SINCE) == 1
    assert not old.exists()
    assert new.exists()


def test_a_file_that_goes_meanwhile_is_none_of_ours(tmp_path, monkeypatch):
    kept = put(tmp_path / "a" / "old", datetime(2024, 2, 1, tzinfo=UTC))
    walked = list(os.walk(tmp_path, topdown=False))
    monkeypatch.setattr(os, "walk", lambda *_, **__: [(str(tmp_path / "gone"), [], ["file"]), *walked])
    assert upkeep._remove_files(tmp_path, SINCE) == 1
    assert not kept.exists()


def test_a_folder_that_is_not_there_holds_nothing(tmp_path):
    assert upkeep._remove_files(tmp_path / "spark", SINCE) == 0
