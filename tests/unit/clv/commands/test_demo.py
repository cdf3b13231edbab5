"""The dates that the demo still has to run."""

from datetime import date

import pytest

from clv.commands.demo import stretches


def march(*days: int) -> list[date]:
    return [date(2024, 3, day) for day in days]


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ([], []),
        (march(4), [(4, 4)]),
        (march(1, 2, 3), [(1, 3)]),
        (march(1, 3, 4, 6), [(1, 1), (3, 4), (6, 6)]),
    ],
)
def test_stretches_of_consecutive_days(days, expected):
    assert [(first.day, last.day) for first, last in stretches(days)] == expected
