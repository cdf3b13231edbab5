"""Files that are not what their name says, are incomplete or empty, or unpack to too much; and invalid names."""

from __future__ import annotations

import bz2
import io
import lzma
import tarfile
import zipfile
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet

from broken_files.shape import FIELDS, ROWS, Broken, as_csv, as_json, as_parquet, orders, packed

CSV, JSON, PARQUET = as_csv(orders()), as_json(orders()), as_parquet(orders())
GZ = packed(CSV)
ALL = {"accepted": ROWS}
NOT_GZIP = "is not a whole gzip file"
BROKEN_PAGES = b"PAR1" + b"\xff" * 400 + PARQUET[404:]
NO_PARQUET = "is not a readable Parquet file"
NO_ORDERS = "rows in .* bytes, far more than files of orders"
BOMB = "unpacks to more than|a line of more than"


def _zip(content: bytes) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("orders.csv"), content, zipfile.ZIP_DEFLATED)
    return sink.getvalue()


def _tar(content: bytes) -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as archive:
        member = tarfile.TarInfo("orders.csv")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return sink.getvalue()


def _bomb(piece: bytes, times: int, before: bytes = b"") -> bytes:
    """Returns a gzip file of many members, each of which unpacks to the same piece."""
    return packed(before) + packed(piece) * times


def _parquet(table: pa.Table, **options: object) -> bytes:
    sink = io.BytesIO()
    pyarrow.parquet.write_table(table, sink, **options)  # type: ignore[arg-type]
    return sink.getvalue()


def _many_rows(rows: int) -> bytes:
    """Returns a Parquet file with any number of equal rows in a few bytes."""
    one = pa.DictionaryArray.from_arrays(pa.array([0] * 1_000_000, pa.int8()), pa.array(["2024-01-01"]))
    piece = pa.table(dict.fromkeys(FIELDS, one))
    return _parquet(pa.concat_tables([piece] * (rows // 1_000_000)), compression="zstd", row_group_size=rows)


def _long_values() -> bytes:
    """Returns a Parquet file with a text of 10 MB in each of a thousand rows, in a few bytes."""
    long = pa.DictionaryArray.from_arrays(pa.array([0] * 1000, pa.int32()), pa.array(["x" * 10_000_000]))
    short = pa.array([str(number) for number in range(1000)])
    columns = {**dict.fromkeys(FIELDS, short), "product_name": long}
    return _parquet(pa.table(columns), compression="zstd", write_statistics=False)


Case = tuple[str, str, bytes, str | dict]  # description, name of the file, content, expected result


def _empty_and_packed() -> list[Case]:
    header = CSV.splitlines(keepends=True)[0]
    return [
        ("empty", "orders.csv", b"", "is empty"),
        ("empty", "orders.jsonl", b"", "is empty"),
        ("empty", "orders.parquet", b"", "is empty"),
        ("empty, packed", "orders.csv.gz", packed(b""), "is empty"),
        ("nothing at all, packed", "orders.csv.gz", b"", "is empty|gzip"),
        ("a header alone", "orders.csv", header, {}),
        ("a header alone, packed", "orders.csv.gz", packed(header), {}),
        ("blank lines alone", "orders.csv", b"\n\n \n", "holds no line"),
        ("a byte-order mark alone", "orders.csv", b"\xef\xbb\xbf", "holds no line"),
        ("blank lines alone", "orders.jsonl", b"\n\n", "holds no line"),
        ("NULs", "orders.csv", b"\0" * 1_000_000, "header .* cannot be read"),
        ("NULs", "orders.jsonl", b"\0" * 1_000_000, "no .*object"),
        ("packed, unsaid", "orders.csv", GZ, "add .gz"),
        ("packed twice", "orders.csv.gz", packed(GZ), "add .gz"),
        ("plain, stated to be packed", "orders.csv.gz", CSV, NOT_GZIP),
        ("cut off", "orders.csv.gz", GZ[:-9], NOT_GZIP),
        ("cut off in the midst", "orders.csv.gz", GZ[: len(GZ) // 2], NOT_GZIP),
        ("a wrong checksum", "orders.csv.gz", GZ[:-8] + b"\0\0\0\0" + GZ[-4:], NOT_GZIP),
        ("a wrong byte", "orders.csv.gz", GZ[:30] + bytes([GZ[30] ^ 255]) + GZ[31:], NOT_GZIP),
        ("something after the end", "orders.csv.gz", GZ + b"more", NOT_GZIP),
        ("two members", "orders.csv.gz", packed(CSV[:99]) + packed(CSV[99:]), ALL),
        ("a zip", "orders.csv.zip", _zip(CSV), "none of the kinds that are read"),
        ("a zip called CSV", "orders.csv", _zip(CSV), "a zip archive or a workbook"),
        ("a zip called gz", "orders.csv.gz", _zip(CSV), NOT_GZIP),
        ("a zip that unpacks to much", "orders.zip", _zip(b"\0" * 10_000_000), "none of the kinds that are read"),
        ("a tar", "orders.tar.gz", packed(_tar(CSV)), "none of the kinds that are read"),
        ("a tar called CSV", "orders.csv.gz", packed(_tar(CSV)), "no column"),
        ("bzip2 called gz", "orders.csv.gz", bz2.compress(CSV), NOT_GZIP),
        ("bzip2 called CSV", "orders.csv", bz2.compress(CSV), "bzip2"),
        ("xz called CSV", "orders.csv", lzma.compress(CSV), "xz"),
        ("a zip called a workbook", "orders.xlsx", _zip(b"<xml/>"), "not a readable workbook"),
        ("a workbook that is none", "orders.xlsx", CSV, "not a readable workbook"),
        ("a workbook that unpacks to much", "orders.xlsx", _zip(b"\0" * 100_000_000), "unpacks to more"),
        ("a page", "orders.csv", b"<html><body>404 Not found</body></html>\n", "no column"),
        ("a picture", "orders.csv", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9, "header"),
    ]  # fmt: skip


def _parquet_files() -> list[Case]:
    return [
        ("Parquet called CSV", "orders.csv", PARQUET, "call it .parquet"),
        ("Parquet, packed", "orders.parquet.gz", packed(PARQUET), ALL),
        ("CSV called Parquet", "orders.parquet", CSV, NO_PARQUET),
        ("JSON called CSV", "orders.csv", JSON, "no column"),
        ("Parquet without its end", "orders.parquet", PARQUET[:-100], NO_PARQUET),
        ("Parquet without its beginning", "orders.parquet", PARQUET[100:], "breaks off"),
        ("Parquet's mark alone", "orders.parquet", b"PAR1", NO_PARQUET),
        ("Parquet with broken pages", "orders.parquet", BROKEN_PAGES, "breaks off|not a read"),
        ("Parquet of no rows", "orders.parquet", _parquet(_no_rows()), {}),
        ("Parquet of no columns", "orders.parquet", _parquet(pa.table({})), "no column|not a readable"),
        ("Parquet with a column twice", "orders.parquet", _parquet(_doubled()), ALL),
    ]  # fmt: skip


def _bombs() -> list[Case]:
    header, same_row = CSV.splitlines(keepends=True)[:2]
    return [
        ("a bomb of zeros, 4 GB", "orders.csv.gz", _bomb(b"\0" * (1 << 24), 256), BOMB),
        ("a bomb of rows, 1 GB", "orders.csv.gz", _bomb(same_row * 500_000, 64, header), BOMB),
        ("a bomb of objects, 1 GB", "orders.jsonl.gz", _bomb(JSON * 32_000, 64), BOMB),
        ("a bomb of a line, 4 GB", "orders.csv.gz", _bomb(b"x" * (1 << 24), 256, header), BOMB),
        ("a bomb in a bomb", "orders.csv.gz", packed(_bomb(b"\0" * (1 << 24), 256)), "add .gz"),
        ("a line of 70 MB", "orders.csv", header + b"x" * 70_000_000, "a line of more than"),
        ("a bomb of Parquet, 20 million rows", "orders.parquet", _many_rows(20_000_000), NO_ORDERS),
        ("a bomb of Parquet's texts, 10 GB", "orders.parquet", _long_values(), {"unreadable": 1000}),
    ]  # fmt: skip


def kinds() -> Iterator[Broken]:
    for name, file_name, content, becomes in (*_empty_and_packed(), *_parquet_files(), *_bombs()):
        yield Broken(f"file: {name}, {file_name}", file_name, content, becomes)
    for name in NAMES:
        content = CSV.replace(b"pen", ascii(name)[:40].encode().replace(b'"', b"").replace(b",", b""))
        yield Broken(f"name: {name!r:.40}", name, content, ALL)
    for name in ("or\nders.csv", "orders\udcff.csv", "orders\x1b[31m.csv"):
        yield Broken(f"name: {name!a}", name, CSV + b"\n", "has a name that is not UTF-8 or holds control characters")


NAMES = (
    "orders[1].csv", "orders*.csv", "order?.csv", "{orders,x}.csv", "orders'; drop table raw.batches; --.csv",
    'orders".csv', "orders\\.csv", "$HOME.csv", "%s {0}.csv", "-o.csv", "orders (1).csv", "ORDERS.CSV", "заказы.csv",
    "~.csv", "orders.gz.csv", f"{'o' * 250}.csv", "orders .csv", "=1+1.csv",
)  # fmt: skip


def _no_rows() -> pa.Table:
    return pa.table({name: pa.array([], pa.string()) for name in FIELDS})


def _doubled() -> pa.Table:
    columns = [pa.array([row[name] for row in orders()], pa.string()) for name in FIELDS]
    return pa.Table.from_arrays([*columns, columns[0]], names=[*FIELDS, "amount"])
