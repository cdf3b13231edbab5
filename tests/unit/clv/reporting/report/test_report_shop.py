"""The shop by month: which months are whole, and what they are compared with; expected values computed by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from clv.reporting.report.sections import shop


def month(number: int, year: int = 2024, **more: Any) -> dict:
    return {"month": date(year, number, 1), "revenue": Decimal(100), "orders": 4, "new": 1, "returning": 3, **more}


def steps(number: int, firsts: int, seconds: int) -> dict:
    return {"month": date(2024, number, 1), "first_orders": firsts, "second_orders": seconds}


def test_rates_are_of_the_month_and_of_everybody_so_far():
    months = [
        month(1),
        month(2, revenue=Decimal(90), orders=3, new=2, returning=2),
        month(3, revenue=0, orders=0, new=0, returning=0),
    ]
    january, february, march = shop.measured(months, [steps(1, 4, 0), steps(2, 4, 2)])
    assert (january["order_value"], january["returning_rate"], january["repeat_rate"]) == (25, 0.75, 0)
    assert (february["order_value"], february["returning_rate"], february["repeat_rate"]) == (30, 0.5, 0.25)
    assert (march["order_value"], march["returning_rate"], march["repeat_rate"]) == (None, None, 0.25)


def test_without_the_runs_orders_no_repeat_rate_is_shown():
    assert [row["repeat_rate"] for row in shop.measured([month(1)], [])] == [None]
    assert "Repeat rate" not in [one["label"] for one in shop.compared(shop.measured([month(1)], []))]


@pytest.mark.parametrize(
    ("first_on", "as_of", "whole", "current"),
    [
        (date(2024, 1, 9), date(2024, 3, 15), [2], 3),  # January may begin in the middle of the month
        (date(2024, 1, 1), date(2024, 3, 15), [1, 2], 3),
        (date(2024, 1, 1), date(2024, 4, 1), [1, 2, 3], None),  # March is over
        (date(2024, 3, 2), date(2024, 3, 15), [], 3),
    ],
)
def test_only_months_that_are_whole_are_compared(first_on, as_of, whole, current):
    months = [month(number) for number in (1, 2, 3) if number >= first_on.month]
    over, going_on = shop.split(months, first_on, as_of)
    assert [row["month"].month for row in over] == whole
    assert (going_on and going_on["month"].month) == current


def test_a_shop_without_orders_has_nothing_to_compare():
    assert shop.split([], None, date(2024, 3, 1)) == ([], None)
    assert shop.compared([]) == []


def test_the_last_month_stands_against_the_one_before_and_the_year_before():
    months = [month(5, 2023, revenue=Decimal(50), orders=4, new=0, returning=0)]
    months += [month(number, 2023) for number in range(6, 13)] + [month(number) for number in range(1, 5)]
    months += [month(5, revenue=Decimal(150), orders=4, new=2, returning=3)]
    found = {one["label"]: one for one in shop.compared(shop.measured(months, [steps(1, 10, 5), steps(5, 10, 7)]))}
    assert found["Revenue"]["value"] == 150
    assert found["Revenue"]["changes"] == [0.5, 2]  # 150 after 100, and after 50
    assert found["Average order value"]["changes"] == [0.5, 2]  # 37.50 after 25.00, and after 12.50
    assert found["New customers"]["changes"] == [1, None]  # no change can be computed against none
    assert found["Repeat rate"]["value"] == 0.6  # 12 of 20
    assert found["Repeat rate"]["changes"] == [pytest.approx(0.1), None]


def test_a_young_shop_is_compared_with_what_there_is():
    months = shop.measured([month(1), month(2)], [])
    assert shop.before(months, 1) is months[0]
    assert shop.before(months, 12) is None
    assert shop.compared(months)[0]["changes"] == [0, None]


def test_the_mark_of_the_year_before_stands_over_its_own_month():
    months = shop.measured([month(at % 12 + 1, 2022 + at // 12) for at in range(15)], [])
    for at, row in enumerate(months):
        row["revenue"] = at
    assert [row and row["revenue"] for row in shop.years_before(months)] == [None] * 9 + [0, 1, 2]
    titles = [chart.title for chart in shop.charts(months, "EUR")]
    assert titles == [
        "Revenue", "Orders", "Average order value", "New and returning customers", "Returning customer rate",
    ]  # fmt: skip
