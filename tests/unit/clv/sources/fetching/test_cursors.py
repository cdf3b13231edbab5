"""Values of cursor columns keep their style, and never become later than they are."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from clv.core.errors import ClvError
from clv.sources.fetching import cursors

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("text", "by", "moved"),
    [
        ("17", -3, "14"),
        ("17", -30, "0"),
        ("1717200000", -HOUR, "1717196400"),  # seconds
        ("2024-06-01T00:30:00Z", -HOUR, "2024-05-31T23:30:00Z"),
        ("2024-06-01 10:00:00", -HOUR, "2024-06-01 09:00:00"),
        ("2024-06-01T10:00:00.250000+02:00", HOUR, "2024-06-01T11:00:00.250000+02:00"),
        ("2024-06-01", -HOUR, "2024-05-31"),  # a part of a day counts as a day
        ("A-17", 0, "A-17"),
    ],
)
def test_a_value_is_moved_in_its_own_style(text, by, moved):
    assert cursors.moved(text, by) == moved


def test_milliseconds_are_not_moved_by_seconds():
    assert cursors.moved("1717200000000", -1000) == "1717199999000"
    with pytest.raises(ClvError, match="1717200000000, which is no time in seconds; write `overlap` as a count"):
        cursors.moved("1717200000000", -HOUR)


def test_values_are_ordered_as_numbers_and_times_and_not_mixed():
    assert cursors.latest("9", "10") == "10"
    assert cursors.latest("2024-06-01T10:00:00+02:00", "2024-06-01T09:00:00Z") == "2024-06-01T09:00:00Z"
    assert cursors.latest(None, "a") == cursors.latest("a", None) == "a"
    with pytest.raises(ClvError, match="of different types, such as '2024-06-01' and '5'"):
        cursors.is_after("2024-06-01", "5")


@pytest.mark.parametrize(
    ("text", "ahead"),
    [
        ("2024-06-02T14:00:00+14:00", False),  # now, in the earliest time zone
        ("2024-06-03 00:00:00", True),
        ("9999-12-31", True),
        ("20990101", False),
        ("B-2", False),
    ],
)
def test_a_time_after_tomorrow_is_ahead(text, ahead):
    assert cursors.is_ahead(text, date(2024, 6, 1)) is ahead


@pytest.mark.parametrize(
    ("style", "written"), [("iso", "2024-06-01T12:00:00.900+02:00"), ("epoch", 1717236000), ("%d %H:%M", "01 10:00")]
)
def test_a_value_is_written_as_the_service_expects_it(style, written):
    assert cursors.written("2024-06-01T12:00:00.900+02:00", style) == written


def test_values_of_databases_become_texts():
    moment = datetime(2024, 6, 1, 12, tzinfo=UTC)
    values = [moment, moment.replace(tzinfo=None), date(2024, 6, 1), Decimal("5.00"), 7, "x"]
    assert [cursors.as_text(value) for value in values] == [
        "2024-06-01T12:00:00+00:00", "2024-06-01T12:00:00", "2024-06-01", "5", "7", "x",
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["1", "1 year", "h", "-1h"])
def test_other_texts_are_no_durations(text):
    with pytest.raises(ValueError, match=text):
        cursors.duration(text)
