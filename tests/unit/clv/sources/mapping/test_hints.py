"""Remedies for unreadable rows: the mapping accepts each suggested line, which makes the value readable."""

from __future__ import annotations

import re

import pytest
import yaml

from clv.core import masking
from clv.sources.kinds.columns import DeclaredMapping
from clv.sources.kinds.mappings import parse
from clv.sources.kinds.orders.mapping import OrdersMapping
from clv.sources.mapping import hints

LEAST = {"customer": "c", "order": "o", "time": "at", "amount": "x"}


def mapping(**keys) -> OrdersMapping:
    made = parse("shop", {**LEAST, **keys}, "shop.yml")
    assert isinstance(made, OrdersMapping)
    return made


def pasted(remedy: str, **keys) -> OrdersMapping:
    """Returns the mapping with the line of a remedy."""
    line = remedy.partition("say in the mapping shop: ")[2]
    assert line, remedy
    return mapping(**{**keys, **yaml.safe_load(line)})


def time(value: str) -> str:
    return f"at '{value}' is not a time"


@pytest.mark.parametrize(
    ("values", "formats"),
    [
        (["14.09.2026"], ["%d.%m.%Y"]),
        (["14.09.2026 10:00"], ["%d.%m.%Y %H:%M"]),
        (["14.09.26 10:00:01"], ["%d.%m.%y %H:%M:%S"]),
        (["09/14/2026"], ["%m/%d/%Y"]),
        (["01/02/2026", "14/09/2026"], ["%d/%m/%Y"]),
        (["14-09-2026T10:00"], ["%d-%m-%YT%H:%M"]),
        (["9/14/26 1:05 PM"], ["%m/%d/%y %I:%M %p"]),
        (["2024-05-01 10:00 PM"], ["%Y-%m-%d %I:%M %p"]),
        (["Jul-25-26"], ["%b-%d-%y"]),
        (["Jan 5, 2024", "20240101"], ["%b %d, %Y", "%Y%m%d"]),
        (["10-Dez-25"], ["%d-%b-%y"]),
        (["1. M\u00e4rz 2024"], ["%d. %B %Y"]),
        (["31. Mai 2024, 14.05 Uhr", "1. Juni 2024, 9.30 Uhr"], ["%d. %b %Y, %H.%M Uhr", "%d. %B %Y, %H.%M Uhr"]),
        (["31.05.2024, 14:05"], ["%d.%m.%Y, %H:%M"]),
        (["2024-05-31, 14:05"], ["%Y-%m-%d, %H:%M"]),
        (["45413.5"], ["excel_days"]),
        (["1704067200"], ["epoch_seconds"]),
        (["1704067200000"], ["epoch_milliseconds"]),
    ],
)
def test_a_time_names_its_format(values, formats):
    (remedy,) = hints.remedies([time(value) for value in values], mapping())
    assert f"formats: {str(formats).replace(chr(39), chr(34))}" in remedy
    assert remedy.startswith(
        f"times are written like {masking.value(values[0])!r}; say in the mapping shop: time: {{column: "
    )


def test_a_day_and_a_month_that_may_be_swapped_have_two_remedies():
    day, month = hints.remedies([time("01/02/2026")], mapping())
    assert ("%d/%m/%Y" in day, "%m/%d/%Y" in month) == (True, True)


@pytest.mark.parametrize(
    ("values", "formats"),
    [
        (["31/12/24"], ["%d/%m/%y", "%y/%m/%d"]),
        (["01-02-24"], ["%d-%m-%y", "%m-%d-%y", "%y-%m-%d"]),
        (["1/2/24"], ["%d/%m/%y", "%m/%d/%y"]),
        (["99-02-01"], ["%y-%m-%d"]),
        (["24-02-01", "24-02-13T10:00:00Z"], ["%d-%m-%y", "%y-%m-%d"]),
    ],
)
def test_a_year_of_two_digits_is_no_missing_value(values, formats):
    """DuckDB reads these as years of the first century."""
    found = hints.remedies([f"at '{value}' is not from 1971 to 2199" for value in values], mapping())
    assert [pasted(remedy).time_formats for remedy in found] == [(form,) for form in formats]


def test_a_date_in_the_mappings_format_may_be_a_missing_value_even_with_a_year_of_two_digits():
    keys = {"time": {"column": "at", "formats": ["%d/%m/%y"]}}
    (remedy,) = hints.remedies(["at '01/01/70' is not from 1971 to 2199"], mapping(**keys))
    assert pasted(remedy, **keys).missing == ("01/01/70",)


@pytest.mark.parametrize("value", ["2024-13-45", "never", "99.99", "tomorrow at ten"])
def test_a_text_that_is_no_time_in_any_format_has_no_remedy(value):
    assert hints.remedies([time(value)], mapping()) == []


@pytest.mark.parametrize(
    ("keys", "values", "style"),
    [
        ({}, ["12,50", "1.234,56"], (",", ".")),
        ({}, ["12,50"], (",", "")),
        ({}, ["1,234.50"], (".", ",")),
        ({"file": {"delimiter": ";", "decimal": ","}}, ["1.234,56", "-12,50"], (",", ".")),
        ({"file": {"decimal": ","}}, ["12.50"], (".", "")),
        ({"file": {"thousands": ","}}, ["1 234,50"], (",", " ")),
        ({}, ["1'234.50"], (".", "'")),
        ({}, ["1\u202f234,50 \u20ac"], (",", " ")),
        ({"file": {"decimal": ","}}, ["1 234,50 \u20ac", "12,50 \u20ac"], (",", " ")),
        ({"file": {"decimal": ",", "thousands": "."}}, ["\u20ac 1 234,50"], (",", " ")),
        ({}, ["1 234,50 EUR"], (",", " ")),
    ],
)
def test_a_number_gives_a_line_with_its_style_and_the_mappings_other_keys(keys, values, style):
    (remedy,) = hints.remedies(
        [f"x '{value}' is not a number with a decimal point" for value in values], mapping(**keys)
    )
    new = pasted(remedy, **keys)
    assert (new.decimal, new.thousands, new.delimiter) == (*style, mapping(**keys).delimiter)


def test_numbers_of_two_styles_have_no_remedy():
    assert (
        hints.remedies([f"x '{value}' is not a number with …" for value in ("1.234,50", "1,234.50")], mapping()) == []
    )


def test_words_for_nothing_are_missing_values():
    (remedy,) = hints.remedies(["x 'N/A' is not a number with …", "x '--' is not a number with …"], mapping())
    assert pasted(remedy).missing == ("--", "N/A")
    (remedy,) = hints.remedies(["at '1970-01-01' is not from 1971 to 2199"], mapping(file={"missing": ["NULL"]}))
    assert pasted(remedy).missing == ("NULL", "1970-01-01")


def test_a_sign_names_its_currency():
    (remedy,) = hints.remedies(["x '€5' bears a currency that the mapping does not state"], mapping())
    assert pasted(remedy).currency == "EUR"
    (remedy,) = hints.remedies(["cur '$' is not a currency such as EUR"], mapping())
    assert pasted(remedy).currency == "USD"
    assert "or another that $ stands for" in remedy


@pytest.mark.parametrize(
    "reason",
    [
        "cur 'Robert Miller' is not a currency such as EUR",  # contains R, the sign of the rand
        "cur 'EURO' is not a currency such as EUR",
        "z 'Robert Miller' is not a time zone that is known",
        "x 'Anna 7' is not a number with a decimal point",
        "x '#12 Anna' is not a number with a decimal point",
    ],
)
def test_a_value_that_may_be_a_persons_name_is_not_shown(reason):
    assert hints.remedies([reason], mapping()) == []


def test_an_unknown_zone_gives_a_line_with_the_mappings_other_keys():
    keys = {"time": {"column": ["at", "on"], "time_of_day": "clock", "zone": "z", "formats": ["%d.%m.%Y %H:%M"]}}
    assert (
        hints.remedies(["z 'Anna' is not a time zone that is known"], mapping(**keys)) == []
    )  # may be a person's name
    (remedy,) = hints.remedies(["z 'IST' is not a time zone that is known"], mapping(**keys))
    new = pasted(remedy, **keys)
    assert new.zones == {"IST": "Europe/London"}
    assert (new.time_of_day, new.zone_column, new.time_formats) == ("clock", "z", ("%d.%m.%Y %H:%M",))
    assert new.alternatives["at"] == ("at", "on")


def test_an_encoding_and_a_row_of_more_fields():
    (remedy,) = hints.remedies(["is not UTF-8; name its encoding in the mapping"], mapping())
    assert pasted(remedy).encoding == "cp1252"
    (remedy,) = hints.remedies(["has 5 fields where 4 are expected"], mapping())
    assert "double quotes" in remedy


def test_ad_spend_has_days():
    spend = parse("ads", {"kind": "spend", "day": "Day", "channel": "c", "amount": "a"}, "ads.yml")
    assert isinstance(spend, DeclaredMapping)
    (remedy,) = hints.remedies(["Day '14.09.2026' is not a day"], spend)
    assert remedy.endswith('day: {column: "Day", formats: ["%d.%m.%Y"]}')


@pytest.mark.parametrize(
    ("present", "says"),
    [
        (["c;o;at;x"], r"separated by semicolons; say in the mapping shop: file: {delimiter: \";\"}"),
        (["c\to\tat\tx"], r"separated by tabs.*{delimiter: \"\\t\"}"),
        (["C", "o", "at", "x"], r"may mean 'C'"),
        (["who", "o", "at", "x"], None),
    ],
)
def test_an_absent_column_has_another_delimiter_or_spelling(present, says):
    found = hints.absent_column("c", present, mapping())
    assert found is None if says is None else found is not None and re.search(says.replace(r"\"", '"'), found)


def test_a_time_that_is_written_in_an_unknown_way_shows_how_to_state_a_format():
    (remedy,) = hints.remedies([time("Freitag der 31ste 5/2024")], mapping())
    assert "%d for the day" in remedy
    assert remedy.endswith('say in the mapping shop: time: {column: "at", formats: ["%d. %B %Y, %H:%M"]}')
    assert hints.remedies([time("soon"), time("2024-02-30")], mapping()) == []


@pytest.mark.parametrize(
    ("present", "keys", "lines"),
    [
        (["Shop Admin export;;;;;"], {}, [{"delimiter": ";", "skip": "until_header"}]),
        (["Exported by ShopTool"], {}, [{"skip": "until_header"}, {"delimiter": ";", "skip": "until_header"}]),
        (["Shop", "", ""], {"decimal": ",", "skip": 2}, [
            {"decimal": ",", "skip": "until_header"}, {"delimiter": ";", "decimal": ",", "skip": "until_header"},
        ]),
        (["Shop export", "made in May"], {}, [{"skip": "until_header"}, {"delimiter": ";", "skip": "until_header"}]),
        (["c", "Datum"], {}, []),
        (["Nr", "Konto", "Datum", "Summe"], {}, []),
        (["Shop"], {"delimiter": ";", "skip": 1}, [{"delimiter": ";", "skip": "until_header"}]),
        (["Shop"], {"delimiter": ";", "skip": "until_header"}, []),
        (["Shop"], {"header": ["Shop"]}, []),
    ],
)  # fmt: skip
def test_a_header_further_down_or_another_delimiter_is_suggested_beside_the_keys_that_are_set(present, keys, lines):
    hint = hints.absent_column("Kunde", present, mapping(file=keys)) or ""
    found = re.findall(r"say in the mapping shop: (file: \{.*?\})", hint)
    assert [yaml.safe_load(line)["file"] for line in found] == lines


def test_a_column_that_is_spelled_alike_is_suggested():
    assert hints.absent_column("Vouchr", ["Nr", "Voucher"], mapping()) == "the mapping shop may mean 'Voucher'"
    assert hints.absent_column("Vouchr", ["c", "Kunde"], mapping()) is None
