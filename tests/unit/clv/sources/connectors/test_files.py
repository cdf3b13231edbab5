"""Files are found, hashed, unpacked and refused."""

from __future__ import annotations

import gzip

import pytest

from clv.core.errors import ClvError
from clv.sources.connectors.files import find, prepare, text_lines


def test_a_folder_gives_its_readable_files_in_order(tmp_path):
    for name in ("b.csv", "a/2.jsonl.gz", "a/1.parquet", "notes.md", ".hidden.csv", "_SUCCESS.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    assert [name for _, name in find(tmp_path)] == ["a/1.parquet", "a/2.jsonl.gz", "b.csv"]


def test_packing_a_file_again_does_not_change_its_digest(tmp_path):
    plain, packed = tmp_path / "o.csv", tmp_path / "o.csv.gz"
    plain.write_bytes(b"a,b\n1,2")
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    one, two = (prepare(path, path.name, "utf-8", tmp_path / "scratch") for path in (plain, plain))
    (tmp_path / "scratch").mkdir()
    three = prepare(packed, packed.name, "utf-8", tmp_path / "scratch")
    assert one.sha256 == two.sha256 == three.sha256
    assert one.lines == three.lines == 2
    assert three.path.read_bytes() == plain.read_bytes()


def test_another_encoding_is_read_as_utf8(tmp_path):
    (tmp_path / "o.csv").write_bytes("a\nzoë\n".encode("cp1252"))
    file = prepare(tmp_path / "o.csv", "o.csv", "cp1252", tmp_path)
    assert list(text_lines(file.path)) == [[b"a", "zoë".encode()]]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("o.csv", b"", "is empty"),
        ("o.csv.gz", b"plain text", "is not a whole gzip file"),
        ("o.csv.gz", gzip.compress(b"a,b\n" * 1000, mtime=0)[:-9], "is not a whole gzip file"),
        ("o.csv", "a,b\n".encode("utf-16"), "is UTF-16"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_line(tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ClvError, match=words):
        prepare(tmp_path / name, name, "utf-8", tmp_path)


def test_a_path_without_files_is_refused(tmp_path):
    for path, words in ((tmp_path, "no file to load"), (tmp_path / "x.csv", "is absent")):
        with pytest.raises(ClvError, match=words):
            find(path)
