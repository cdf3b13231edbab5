"""The remedies for a file, pasted into its mapping one after another, make all its rows readable."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
import yaml

from clv.core.errors import ClvError
from clv.sources.connectors import files
from clv.sources.kinds.mappings import parse
from clv.sources.loading import reading
from clv.sources.mapping import hints

LEAST = {"customer": "c", "order": "o", "time": "t", "amount": "a", "file": {"delimiter": ";"}}


def corrected(parsed, rows: list[str], formats: Sequence[str] = (), says: str = "") -> tuple[list[list], dict]:
    """Pastes the first remedy for a file, or the first that says a text, into its mapping until there is none; returns
    the rows and the mapping."""
    keys = {**LEAST, "time": {"column": "t", "formats": list(formats)}}
    text = "".join(f"{line}\n" for line in ["c;o;t;a", *(f"{place};{place};{row}" for place, row in enumerate(rows))])
    for _ in range(5):
        found = parsed(text, "_reason, ordered_at, amount::double", keys)
        reasons = [reason for reason, *_ in found if reason]
        if not reasons:
            break
        remedy = next(one for one in hints.remedies(reasons, parse("shop", keys, "shop.yml")) if says in one)
        keys |= yaml.safe_load(remedy.partition("say in the mapping shop: ")[2])
    return [values for _, *values in found], keys


@pytest.mark.parametrize(
    ("amounts", "values", "currency"),
    [
        (["1 234,50 \u20ac", "12,50 \u20ac"], [1234.5, 12.5], "EUR"),
        (["1\u00a0234,50\u00a0\u20ac"], [1234.5], "EUR"),
        (["\u20ac 1\u202f234\u202f567,50"], [1234567.5], "EUR"),
        (["\u2212 3,00 \u20ac", "- 3,00 \u20ac"], [-3, -3], "EUR"),
        (["1 234,50 CHF"], [1234.5], "CHF"),
        (["1 234 K\u010d"], [1234], "CZK"),
    ],
)
def test_amounts_with_blanks_between_thousands_and_a_currency(parsed, amounts, values, currency):
    lines = [f"2024-05-01;{amount}" for amount in amounts]
    rows, keys = corrected(lambda *stated: parsed(*stated, currency="EUR"), lines)
    assert [amount for _, amount in rows] == values
    assert keys.get("currency", "EUR") == currency


@pytest.mark.parametrize(
    ("times", "days"),
    [
        (["14.05.2024", "15.05.24"], [14, 15]),
        (["14.05.24", "15.05.2024"], [14, 15]),
        (["14.05.24 10:00", "15.05.2024 11:00"], [14, 15]),
        (["5/14/24", "5/15/2024"], [14, 15]),
    ],
)
def test_years_of_two_and_of_four_digits(parsed, times, days):
    rows, _ = corrected(parsed, [f"{time};1" for time in times])
    assert [(time.year, time.month, time.day) for time, _ in rows] == [(2024, 5, day) for day in days]


@pytest.mark.parametrize(
    ("times", "formats", "says", "days"),
    [
        (["31/12/24", "1/2/24"], [], "", [(12, 31), (2, 1)]),
        (["31/12/24", "30/12/2024"], ["%d/%m/%Y"], "", [(12, 31), (12, 30)]),
        (["1/13/24", "1/2/24"], [], "", [(1, 13), (1, 2)]),
        (["31-12-24 10:00", "01-02-24 09:00"], [], "the day", [(12, 31), (2, 1)]),
        (["1/2/24 1:05 PM"], [], "the month", [(1, 2)]),
        (["24-02-01", "24-02-13"], [], "the year", [(2, 1), (2, 13)]),
        (["24/02/01"], ["%Y/%m/%d"], "the year", [(2, 1)]),
    ],
)
def test_years_of_two_digits_that_are_read_as_in_the_first_century(parsed, times, formats, says, days):
    rows, keys = corrected(parsed, [f"{time};1" for time in times], formats, says)
    assert [(time.year, time.month, time.day) for time, _ in rows] == [(2024, *day) for day in days]
    assert keys["file"] == LEAST["file"]  # no time became a missing value


@pytest.mark.parametrize(
    ("stated", "written", "right"),
    [("utf-8", "cp1252", "cp1252"), ("ascii", "utf-8", "utf-8"), ("cp1252", "latin-1", "latin-1"),
     ("utf-8", "utf-16", "utf-16")],
)  # fmt: skip
def test_another_encoding_is_named_beside_the_keys_that_are_set(tmp_path: Path, parsed, stated, written, right):
    text = "c;o;t;Preis \u00dc\n\u00e9;1;2024-05-14;1\n" + "\x8d;1;2024-05-14;2\n" * (written == "latin-1")
    keys = {**LEAST, "amount": "Preis \u00dc", "file": {"delimiter": ";", "encoding": stated}}
    (tmp_path / "o.csv").write_bytes(text.encode(written))

    def load(keys: dict) -> list[tuple]:
        file = reading.prepared(tmp_path / "o.csv", "o.csv", parse("shop", keys, "shop.yml"), tmp_path)
        return parsed(file.path.read_bytes(), "amount::int", {**keys, "file": {"delimiter": ";"}})

    with pytest.raises(ClvError, match="is (not|UTF-16).* say in the mapping shop: file: ") as refused:
        load(keys)
    line = str(refused.value).partition("say in the mapping shop: ")[2]
    assert yaml.safe_load(line) == {"file": {"delimiter": ";", "encoding": right}}
    assert load({**keys, **yaml.safe_load(line)}) == [(1,), (2,)][: text.count("\n") - 1]


@pytest.mark.parametrize("size", range(1, 12))
def test_a_letter_that_two_pieces_of_a_file_share_does_not_hide_its_encoding(tmp_path: Path, monkeypatch, size):
    monkeypatch.setattr(files, "CHUNK", size)
    (tmp_path / "o.csv").write_text("a\u20ac\U0001f600\u00cd\n", encoding="utf-8")  # cp1252 has no byte 8D, of \u00cd
    with pytest.raises(files.WrongEncoding, match="is not cp1252") as refused:
        files.prepare(tmp_path / "o.csv", "o.csv", "cp1252", tmp_path)
    assert refused.value.encoding == "utf-8"


@pytest.mark.parametrize("formats", [["%d.%m.%Y", "%d.%m.%y"], ["%d.%m.%y", "%d.%m.%Y"]])
def test_the_order_of_formats_does_not_matter_to_the_century(parsed, formats):
    keys = {**LEAST, "time": {"column": "t", "formats": formats}}
    found = parsed("c;o;t;a\n1;1;14.05.24;1\n2;2;14.05.2024;1\n", "ordered_at::date, _reason", keys)
    assert found == [(date(2024, 5, 14), None)] * 2
    keys = {**LEAST, "time": {"column": "t", "formats": ["%d.%m.%Y"]}}
    assert parsed("c;o;t;a\n1;1;14.05.24;1\n", "_reason", keys) == [("t '14.05.24' is not a time",)]


def test_a_title_with_commas_above_the_header_has_a_remedy(parsed):
    keys = {**LEAST, "file": {}}
    lines = "Shop export,created in May\nc,o,t,a\n1,a,2024-01-01,1\n"
    with pytest.raises(ClvError, match="if its header stands further down, say in the mapping shop: file: {s") as no:
        parsed(lines, "1", keys)
    line = str(no.value).partition("say in the mapping shop: ")[2].partition(";")[0]
    assert parsed(lines, "_line", {**keys, **yaml.safe_load(line)}) == [(3,)]
    with pytest.raises(ClvError, match="correct one of the two: its columns are by, made$"):
        parsed('{"by": "x", "made": "y"}', "1", keys, "o.jsonl")
