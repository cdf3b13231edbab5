"""Files of an object store or a server, in fsspec's memory and on this disk."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import fetched
import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.sources.fetching import remote_files
from clv.sources.fetching.fetch import fetch, messages

MEMORY = fsspec.filesystem("memory")


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "home", {})


@pytest.fixture
def bucket() -> Any:
    MEMORY.pipe({"/exports/june/a.csv": b"id\n1\n", "/exports/b.jsonl": b"{}\n", "/exports/readme.pdf": b"-"})
    MEMORY.pipe("/exports/.c.csv", b"hidden")
    yield MEMORY
    MEMORY.rm("/exports", recursive=True)


def declare(home: Settings, url: str = "memory://exports", **changes: Any) -> None:
    fetched.declare(home, "shop", {"from": "files", "url": url, **changes})


def copied(home: Settings) -> dict[str, bytes]:
    folder = home.landing / "shop"
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }


def test_new_and_changed_files_are_copied_under_their_names_and_others_are_not(home, bucket):
    declare(home)
    assert messages(fetch("shop", home)) == ["shop: 2 files"]
    assert copied(home) == {"b.jsonl": b"{}\n", "june/a.csv": b"id\n1\n"}
    (home.landing / "shop" / "b.jsonl").unlink()  # was loaded and deleted
    assert fetch("shop", home).files == 0
    bucket.pipe("/exports/june/a.csv", b"id\n1\n2\n")
    assert fetch("shop", home).files == 1
    assert copied(home) == {"june/a.csv": b"id\n1\n2\n"}


def test_a_pattern_and_a_single_file(home, tmp_path):
    (tmp_path / "out").mkdir()
    for name in ("orders-1.csv", "orders-2.csv", "other.csv"):
        (tmp_path / "out" / name).write_text(name)
    declare(home, f"{tmp_path}/out/orders-*.csv")
    assert fetch("shop", home).files == 2
    declare(home, f"file://{tmp_path}/out/other.csv")
    assert fetch("shop", home).files == 1
    assert list(copied(home)) == ["orders-1.csv", "orders-2.csv", "other.csv"]
    os.utime(tmp_path / "out" / "other.csv", (1, 1))
    assert fetch("shop", home).files == 1


@pytest.mark.parametrize("break_off", [True, False], ids=["half a file", "changed meanwhile"])
def test_a_file_that_is_not_whole_or_changes_while_it_is_read_waits_for_the_next_fetch(
    home, bucket, monkeypatch, break_off
):
    opened = MemoryFileSystem.open

    def disturbed(self: MemoryFileSystem, path: str, *args: Any, **kwargs: Any) -> Any:
        file = opened(self, path, *args, **kwargs)
        if path.endswith("a.csv") and args == ("rb",):
            if break_off:
                file.seek(3)
            else:
                bucket.pipe("/exports/june/a.csv", b"id\n1\n2\n")
        return file

    declare(home)
    with monkeypatch.context() as patch:
        patch.setattr(MemoryFileSystem, "open", disturbed)
        found = fetch("shop", home)
    assert (found.files, found.notes) == (
        1, ["june/a.csv changed while it was read, or broke off; the next fetch reads it"],
    )  # fmt: skip
    assert list(copied(home)) == ["b.jsonl"]
    assert fetch("shop", home).files == 1


def test_a_kill_at_any_point_leaves_whole_files_and_the_next_fetch_completes_them(tmp_path, bucket, monkeypatch):
    for kill_at in range(1, 30):
        home, points = Settings(tmp_path / str(kill_at), {}), iter(range(1, 100))

        def passing(kill_at: int = kill_at, points: Any = points) -> None:
            if next(points) == kill_at:
                raise KeyboardInterrupt

        declare(home)
        with monkeypatch.context() as patch:
            for owner, name in ((remote_files, "on_disk"), (Path, "replace"), (remote_files.owners_files, "write")):
                original = getattr(owner, name)
                patch.setattr(owner, name, lambda *a, _o=original, _p=passing: (_p(), _o(*a))[1])
            try:
                fetch("shop", home)
            except KeyboardInterrupt:
                assert copied(home).items() <= {"b.jsonl": b"{}\n", "june/a.csv": b"id\n1\n"}.items()
            else:
                break
        fetch("shop", home)
        assert copied(home) == {"b.jsonl": b"{}\n", "june/a.csv": b"id\n1\n"}
        assert fetch("shop", home).files == 0
    assert kill_at > 6
    assert set(json.loads((home.landing / "shop" / remote_files.STATES).read_text())) == {"b.jsonl", "june/a.csv"}


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("memory://nowhere", "memory://nowhere cannot be read"),
        ("fax://shop", "Protocol not known: fax"),
        ("sftp://shop/exports", "write the server's key under `options`"),
    ],
)
def test_mistakes_give_one_line(home, url, message):
    declare(home, url)
    with pytest.raises(ClvError, match=message):
        fetch("shop", home)


@pytest.mark.parametrize(
    ("secret", "options", "message"),
    [
        ("sftp://ann:password@shop/exports", {}, "write the server's key under `options`"),
        ("simplecache::sftp://shop/exports", {}, "leads to an SFTP server by another file system"),
        ("simplecache://exports", {"target_protocol": "ssh"}, "leads to an SFTP server by another file system"),
    ],
)
def test_an_sftp_server_needs_its_key_wherever_the_address_names_it(home, secret, options, message):
    declare(home, "{secret:address}", options=options)
    fetched.keep_secret(home, "address", secret)
    with pytest.raises(ClvError, match=message) as refused:
        fetch("shop", home)
    assert "password" not in str(refused.value)


def test_a_missing_package_is_named(home, monkeypatch):
    monkeypatch.setitem(sys.modules, "paramiko", None)
    declare(home, "sftp://shop/exports", options={"host_key": "ssh-ed25519 AAAA"})
    with pytest.raises(ClvError, match=r"needs another package \(.*paramiko.*run `make bootstrap-connectors`"):
        fetch("shop", home)
