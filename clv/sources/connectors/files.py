"""The connector to files. It finds readable files, determines their type, and makes plain UTF-8 copies of compressed or
otherwise encoded ones."""

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
CONTINUING = bytes(range(0x80, 0xC0))  # the bytes of a letter in UTF-8 after its first
UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# The first bytes of formats that often have a wrong ending, and what to do about it.
PACKED = {
    b"\x1f\x8b": "gzip'd; add .gz to its name",
    b"PK\x03\x04": "a zip archive or a workbook; unpack it, or call it .xlsx",
    b"BZh": "packed by bzip2; unpack it",
    b"\xfd7zXZ": "packed by xz; unpack it",
    b"\x28\xb5\x2f\xfd": "packed by zstd; unpack it",
    b"PAR1": "Parquet; call it .parquet",
}
LONGEST_LINE = 1 << 26  # bytes
# Files of orders shrink to between a tenth and a thirtieth when they are compressed. A file that unpacks to far more
# than that is a mistake or an attack.
UNPACKS_TO = 100  # the limit, as a multiple of the packed size
UNPACKS_ALWAYS = 1 << 26  # bytes; files that unpack to less are never refused
ROOM_LEFT = 1 << 30  # bytes of free disk space that must remain


class WrongEncoding(ClvError):  # noqa: N818 - what the file has
    """A text file does not have the encoding that its mapping states. encoding: the one that it may have."""

    def __init__(self, message: str, encoding: str) -> None:
        super().__init__(message)
        self.encoding = encoding


@dataclass(frozen=True)
class Received:
    """A file that is ready to be read.

    path: the plain UTF-8 file. name: the name of the batch. lines: the number of physical lines.
    """

    path: Path
    name: str
    kind: str
    sha256: str
    lines: int
    size: int
    longest_line: int  # bytes


@dataclass(frozen=True)
class Files:
    """The connector to a file, or to all readable files of a folder at any depth, in the order of their names."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    def read(self, cursor: Cursor) -> Iterator[Batch]:  # noqa: ARG002 - a file of a known name may hold new rows
        """Yields every file and ignores the cursor. Only the content shows whether a file is new, and the loader
        compares it with the ledger."""
        for path, name in find(self.path):
            yield Batch(name, path)


def find(path: Path) -> list[tuple[Path, str]]:
    """Returns the readable files at a path with their names: the file itself, or all files of a folder at any depth.

    Raises ClvError if the path does not exist, if the folder has no readable file, or if the type of the file is not
    supported.
    """
    if path.is_dir():
        if not (found := inside(path)):
            raise ClvError(f"{path} holds no file to load; put {READABLE} files there")
        return [(file, file.relative_to(path).as_posix()) for file in found]
    if not path.exists():
        raise ClvError(f"{path} is absent; check the path")
    if not path.is_file():
        raise ClvError(f"{path} is no file, but a pipe or a device; save what it gives into a file")
    if kind(path) is None:
        raise ClvError(f"{path} is none of the kinds that are read; name a file {READABLE}")
    return [(path, path.name)]


def inside(folder: Path) -> list[Path]:
    """Returns a folder's readable files at any depth, ordered by name. Hidden files and other types are ignored."""
    return [file for file in sorted(folder.rglob("*")) if _is_readable(file, folder)]


def _is_readable(file: Path, folder: Path) -> bool:
    hidden = any(part.startswith((".", "_")) for part in file.relative_to(folder).parts)
    return file.is_file() and not hidden and kind(file) is not None


def kind(path: Path) -> str | None:
    """Returns the type of a file by its ending: text, parquet, json or workbook; None for others."""
    name = path.name.lower().removesuffix(".gz")
    return KINDS.get(Path(name).suffix)


def prepare(path: Path, name: str, encoding: str, scratch: Path, bounded: bool = True) -> Received:
    """Computes the digest of a file's unpacked content, so that packing it again does not change it, and makes it plain
    UTF-8.

    Compressed or otherwise encoded files are copied into `scratch`; others are read in place. Raises ClvError if the
    file is empty, has an invalid name, does not have the type of its ending, unpacks to more than the limit (if
    `bounded`), or has a line longer than LONGEST_LINE; WrongEncoding if it does not have the encoding.
    """
    if any(letter < " " or "\ud800" <= letter <= "\udfff" for letter in name):
        raise ClvError(f"the file {ascii(name)} has a name that is not UTF-8 or holds control characters; rename it")
    file_kind = kind(path) or "text"
    text = file_kind in ("text", "json")
    packed = path.name.lower().endswith(".gz")
    recode = text and codecs.lookup(encoding).name != "utf-8"
    digest, size, last, counter = hashlib.sha256(), 0, b"", Lines(name)
    plain = scratch / f"plain{Path(path.name.lower().removesuffix('.gz')).suffix}" if packed or recode else path
    try:
        limit = max(UNPACKS_ALWAYS, UNPACKS_TO * path.stat().st_size) if packed and bounded else None
        source = gzip.open(path) if packed else path.open("rb")  # noqa: SIM115 - closed below
        target = plain.open("wb") if plain != path else Discard()
        with source, target:
            plain_chunks = _chunks(source, digest, name, limit, scratch)
            for chunk in _recoded(plain_chunks, encoding, name) if recode else plain_chunks:
                if not size and text:
                    _check_beginning(chunk, name, encoding)
                target.write(chunk)
                size, last = size + len(chunk), chunk
                if text:
                    counter.add(chunk)
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise ClvError(f"{name} is not a whole gzip file ({error}); send it again, or take .gz off its name") from None
    except OSError as error:
        raise ClvError(f"{name} cannot be read ({error.strerror or error}); check the file and its rights") from None
    if not size:
        raise ClvError(f"{name} is empty; send it again, or remove it")
    lines = counter.ends + (text and not last.endswith(b"\n"))
    return Received(plain, name, file_kind, digest.hexdigest(), lines, size, counter.longest)


def _check_beginning(chunk: bytes, name: str, encoding: str) -> None:
    if chunk.startswith(UTF16):
        raise WrongEncoding(f"{name} is UTF-16, not {encoding}", "utf-16")
    for beginning, what in PACKED.items():
        if chunk.startswith(beginning):
            raise ClvError(f"{name} is {what}")


class Lines:
    """Counts the lines of a text that is given in pieces, and records the length of the longest one in bytes.

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
    """A file-like object that discards what is written to it."""

    def __enter__(self) -> Discard:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def write(self, _: bytes) -> None:
        pass


def _chunks(
    source: BinaryIO | gzip.GzipFile, digest: hashlib._Hash, name: str, limit: int | None, scratch: Path
) -> Iterator[bytes]:
    """Yields the content of a source in pieces and adds them to the digest. limit: the most bytes it may have; None for
    no limit."""
    size = 0
    while chunk := source.read(CHUNK):
        size += len(chunk)
        if limit and size > limit:
            raise ClvError(
                f"{name} unpacks to more than {UNPACKS_TO} times its size, far more than files of orders; "
                "send it unpacked if this is intended"
            )
        if limit and shutil.disk_usage(scratch).free < ROOM_LEFT:
            raise ClvError(f"{name} unpacks to more than the disk of {scratch} has room for; make room")
        digest.update(chunk)
        yield chunk


def _recoded(chunks: Iterator[bytes], encoding: str, name: str) -> Iterator[bytes]:
    decoder, chunk, cut = codecs.getincrementaldecoder(encoding)(), b"", b""
    try:
        for chunk in chunks:
            yield decoder.decode(chunk).encode()
            cut = CONTINUING  # from the second piece on, a piece may begin within a letter
        yield decoder.decode(b"", final=True).encode()
    except UnicodeError as error:
        reason = error.reason if isinstance(error, UnicodeDecodeError) else error
        likely = likely_encoding(chunk[:3].lstrip(cut) + chunk[3:], encoding)
        raise WrongEncoding(f"{name} is not {encoding} ({reason})", likely) from None


def likely_encoding(chunk: bytes, other: str) -> str:
    """Returns an encoding that the beginning of a text may have; UTF-8 if it can be, and not `other` else."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(chunk)  # the last character may be cut
        return "utf-8"
    except UnicodeDecodeError:
        return "latin-1" if codecs.lookup(other).name == "cp1252" else "cp1252"


def text_lines(path: Path) -> Iterator[list[bytes]]:
    """Yields the lines of a text file in lists of bounded size, without line ends and byte-order mark."""
    rest, first = b"", True
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            if first:
                chunk, first = chunk.removeprefix(codecs.BOM_UTF8), False
            *whole, rest = (rest + chunk).split(b"\n")
            yield [line.removesuffix(b"\r") for line in whole]
    if rest:
        yield [rest.removesuffix(b"\r")]
