"""Files as they come: which there are, what kind each is, and a plain UTF-8 copy where one is packed or encoded."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from clv.errors import ClvError

KINDS = {
    ".csv": "text", ".tsv": "text", ".txt": "text",
    ".parquet": "parquet", ".pq": "parquet",
    ".jsonl": "json", ".ndjson": "json", ".json": "json",
}  # fmt: skip
READABLE = "CSV (.csv .tsv .txt), Parquet (.parquet) or JSON lines (.jsonl .ndjson .json), each also .gz"
CHUNK = 1 << 23
UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True)
class Received:
    """One file ready to be read: `path` is plain and UTF-8; `name` is what the batch is called; lines are physical."""

    path: Path
    name: str
    kind: str
    sha256: str
    lines: int
    size: int


def find(path: Path) -> list[tuple[Path, str]]:
    """The files at a path with their names: the file itself, or a folder's readable files, in order, at any depth.

    Raises ClvError when the path is absent, the folder holds none, or the file's ending is none we read.
    """
    if path.is_dir():
        if not (found := inside(path)):
            raise ClvError(f"{path} holds no file to load; put {READABLE} files there")
        return [(file, file.relative_to(path).as_posix()) for file in found]
    if not path.exists():
        raise ClvError(f"{path} is absent; check the path")
    if kind(path) is None:
        raise ClvError(f"{path} is none of the kinds that are read; name a file {READABLE}")
    return [(path, path.name)]


def inside(folder: Path) -> list[Path]:
    """The folder's readable files, at any depth, in order of name; hidden ones and other endings are let be."""
    return [file for file in sorted(folder.rglob("*")) if _ours(file, folder)]


def _ours(file: Path, folder: Path) -> bool:
    hidden = any(part.startswith((".", "_")) for part in file.relative_to(folder).parts)
    return file.is_file() and not hidden and kind(file) is not None


def kind(path: Path) -> str | None:
    """text, parquet or json by the file's ending; None for any other."""
    name = path.name.lower().removesuffix(".gz")
    return KINDS.get(Path(name).suffix)


def prepare(path: Path, name: str, encoding: str, scratch: Path) -> Received:
    """Hashes a file's content (unpacked, so that packing it anew is no change) and makes it plain UTF-8.

    Packed or otherwise encoded files are copied into `scratch`; others are read where they are. Raises ClvError
    when the file is empty, is not the gzip it says it is, or is in another encoding than the mapping's.
    """
    its_kind = kind(path) or "text"
    text = its_kind != "parquet"
    packed = path.name.lower().endswith(".gz")
    recode = text and codecs.lookup(encoding).name != "utf-8"
    digest, lines, size, last = hashlib.sha256(), 0, 0, b""
    plain = scratch / f"plain{Path(path.name.lower().removesuffix('.gz')).suffix}" if packed or recode else path
    try:
        source = gzip.open(path) if packed else path.open("rb")  # noqa: SIM115 - closed below
        target = plain.open("wb") if plain != path else Discard()
        with source, target:
            for chunk in _recoded(source, encoding, digest, path) if recode else _chunks(source, digest):
                if not size and text and chunk.startswith(UTF16):
                    raise ClvError(f"{path} is UTF-16, not {encoding}; set file: {{encoding: utf-16}} in its mapping")
                target.write(chunk)
                size, last = size + len(chunk), chunk
                lines += chunk.count(b"\n") if text else 0
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise ClvError(f"{path} is not a whole gzip file ({error}); send it again, or take .gz off its name") from None
    except OSError as error:
        raise ClvError(f"{path} cannot be read ({error.strerror or error}); check the file and its rights") from None
    if not size:
        raise ClvError(f"{path} is empty; send it again, or remove it")
    return Received(plain, name, its_kind, digest.hexdigest(), lines + (text and not last.endswith(b"\n")), size)


class Discard:
    """A file that keeps nothing."""

    def __enter__(self) -> Discard:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def write(self, _: bytes) -> None:
        pass


def _chunks(source: BinaryIO | gzip.GzipFile, digest: hashlib._Hash) -> Iterator[bytes]:
    while chunk := source.read(CHUNK):
        digest.update(chunk)
        yield chunk


def _recoded(source: BinaryIO | gzip.GzipFile, encoding: str, digest: hashlib._Hash, path: Path) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for chunk in _chunks(source, digest):
            yield decoder.decode(chunk).encode()
        yield decoder.decode(b"", final=True).encode()
    except UnicodeDecodeError as error:
        raise ClvError(
            f"{path} is not {encoding} ({error.reason}); correct file: {{encoding: …}} in its mapping"
        ) from None


def text_lines(path: Path) -> Iterator[list[bytes]]:
    """A text file's lines in lists of bounded size, line ends and a byte-order mark taken off."""
    rest, first = b"", True
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            if first:
                chunk, first = chunk.removeprefix(codecs.BOM_UTF8), False
            *whole, rest = (rest + chunk).split(b"\n")
            yield [line.removesuffix(b"\r") for line in whole]
    if rest:
        yield [rest.removesuffix(b"\r")]
