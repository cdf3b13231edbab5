"""Files as they come: which there are, what kind each is, and a plain UTF-8 copy where one is packed or encoded."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import shutil
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from clv.core.errors import ClvError
from clv.sources.connectors.protocol import Batch, Cursor

KINDS = {
    ".csv": "text", ".tsv": "text", ".txt": "text",
    ".parquet": "parquet", ".pq": "parquet",
    ".jsonl": "json", ".ndjson": "json", ".json": "json",
    ".xlsx": "workbook",
}  # fmt: skip
READABLE = "CSV (.csv .tsv .txt), Parquet (.parquet), JSON (.jsonl .ndjson .json) or a workbook (.xlsx), each also .gz"
CHUNK = 1 << 23
UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# What files are that were given a wrong ending, by how they begin.
PACKED = {
    b"\x1f\x8b": "gzip'd; add .gz to its name",
    b"PK\x03\x04": "a zip archive or a workbook; unpack it, or call it .xlsx",
    b"BZh": "packed by bzip2; unpack it",
    b"\xfd7zXZ": "packed by xz; unpack it",
    b"\x28\xb5\x2f\xfd": "packed by zstd; unpack it",
    b"PAR1": "Parquet; call it .parquet",
}
LONGEST_LINE = 1 << 26  # bytes
# A file of orders packs to a tenth or a thirtieth. What unpacks to more than this is a bomb, or a mistake.
UNPACKS_TO = 100  # times its size
UNPACKS_ALWAYS = 1 << 26  # bytes
ROOM_LEFT = 1 << 30  # bytes of the disk that unpacking leaves to others


@dataclass(frozen=True)
class Received:
    """One file ready to be read: `path` is plain and UTF-8; `name` is what the batch is called; lines are physical."""

    path: Path
    name: str
    kind: str
    sha256: str
    lines: int
    size: int
    longest_line: int  # bytes


@dataclass(frozen=True)
class Files:
    """The connector to files: one, or a folder's readable ones in order of name, at any depth."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    def read(self, cursor: Cursor) -> Iterator[Batch]:  # noqa: ARG002 - a file of a known name may hold new rows
        """Yields every file: its content alone tells whether it is new, and the loader compares that."""
        for path, name in find(self.path):
            yield Batch(name, path)


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
    """text, parquet, json or workbook by the file's ending; None for any other."""
    name = path.name.lower().removesuffix(".gz")
    return KINDS.get(Path(name).suffix)


def prepare(path: Path, name: str, encoding: str, scratch: Path, bounded: bool = True) -> Received:
    """Hashes a file's content (unpacked, so that packing it anew is no change) and makes it plain UTF-8.

    Packed or otherwise encoded files are copied into `scratch`; others are read where they are. Raises ClvError
    when the file's name is none, or it is empty, is not what its ending says, unpacks to more than any file of orders
    (unless it is not `bounded`), has a line longer than LONGEST_LINE, or is in another encoding than the mapping's.
    """
    if any(letter < " " or "\ud800" <= letter <= "\udfff" for letter in name):
        raise ClvError(f"the file {ascii(name)} has a name that is not UTF-8 or holds control characters; rename it")
    its_kind = kind(path) or "text"
    text = its_kind in ("text", "json")
    packed = path.name.lower().endswith(".gz")
    recode = text and codecs.lookup(encoding).name != "utf-8"
    digest, size, last, seen = hashlib.sha256(), 0, b"", Lines(name)
    plain = scratch / f"plain{Path(path.name.lower().removesuffix('.gz')).suffix}" if packed or recode else path
    try:
        most = max(UNPACKS_ALWAYS, UNPACKS_TO * path.stat().st_size) if packed and bounded else None
        source = gzip.open(path) if packed else path.open("rb")  # noqa: SIM115 - closed below
        target = plain.open("wb") if plain != path else Discard()
        with source, target:
            plain_chunks = _chunks(source, digest, name, most, scratch)
            for chunk in _recoded(plain_chunks, encoding, name) if recode else plain_chunks:
                if not size and text:
                    _check_beginning(chunk, name, encoding)
                target.write(chunk)
                size, last = size + len(chunk), chunk
                if text:
                    seen.add(chunk)
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise ClvError(f"{name} is not a whole gzip file ({error}); send it again, or take .gz off its name") from None
    except OSError as error:
        raise ClvError(f"{name} cannot be read ({error.strerror or error}); check the file and its rights") from None
    if not size:
        raise ClvError(f"{name} is empty; send it again, or remove it")
    lines = seen.ends + (text and not last.endswith(b"\n"))
    return Received(plain, name, its_kind, digest.hexdigest(), lines, size, seen.longest)


def _check_beginning(chunk: bytes, name: str, encoding: str) -> None:
    if chunk.startswith(UTF16):
        raise ClvError(f"{name} is UTF-16, not {encoding}; set file: {{encoding: utf-16}} in its mapping")
    for beginning, what in PACKED.items():
        if chunk.startswith(beginning):
            raise ClvError(f"{name} is {what}")


class Lines:
    """Counts the lines of what it is given in pieces, and keeps the longest one's bytes.

    Raises ClvError at a line longer than LONGEST_LINE.
    """

    def __init__(self, name: str) -> None:
        self.name, self.ends, self.longest, self.open = name, 0, 0, 0

    def add(self, chunk: bytes) -> None:
        ends = np.flatnonzero(np.frombuffer(chunk, np.uint8) == ord("\n"))
        lengths = np.diff(ends, prepend=-1 - self.open) - 1
        self.open = len(chunk) - int(ends[-1]) - 1 if len(ends) else self.open + len(chunk)
        self.ends += len(ends)
        self.longest = max(self.longest, self.open, int(lengths.max(initial=0)))
        if self.longest > LONGEST_LINE:
            raise ClvError(f"{self.name} has a line of more than {LONGEST_LINE >> 20} MB; write it again")


class Discard:
    """A file that keeps nothing."""

    def __enter__(self) -> Discard:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def write(self, _: bytes) -> None:
        pass


def _chunks(
    source: BinaryIO | gzip.GzipFile, digest: hashlib._Hash, name: str, most: int | None, scratch: Path
) -> Iterator[bytes]:
    """What a source holds, in pieces that are hashed. `most`: the bytes that it may unpack to, if it is bounded."""
    size = 0
    while chunk := source.read(CHUNK):
        size += len(chunk)
        if most and size > most:
            raise ClvError(
                f"{name} unpacks to more than {UNPACKS_TO} times its size, as no orders do; "
                "send it unpacked if it is meant"
            )
        if most and shutil.disk_usage(scratch).free < ROOM_LEFT:
            raise ClvError(f"{name} unpacks to more than the disk of {scratch} has room for; make room")
        digest.update(chunk)
        yield chunk


def _recoded(chunks: Iterator[bytes], encoding: str, name: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for chunk in chunks:
            yield decoder.decode(chunk).encode()
        yield decoder.decode(b"", final=True).encode()
    except UnicodeError as error:
        said = error.reason if isinstance(error, UnicodeDecodeError) else error
        raise ClvError(f"{name} is not {encoding} ({said}); correct file: {{encoding: …}} in its mapping") from None


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
