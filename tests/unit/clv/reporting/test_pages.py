"""Formats of numbers on pages."""

from __future__ import annotations

from decimal import Decimal

import pytest

from clv.reporting import pages


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        ("whole", Decimal("7168.50"), "7,169"),  # as PostgreSQL rounds it; Python's round() gives 7,168
        ("whole", Decimal("-0.4"), "0"),
        ("whole", 1234567, "1,234,567"),
        ("cents", Decimal("2.675"), "2.68"),
        ("percent", Decimal("0.125"), "13 %"),
        ("percent", 0.005, "1 %"),
        ("whole", None, "–"),
    ],
)
def test_a_half_is_rounded_up_as_the_warehouse_does(kind: str, value: float | Decimal | None, shown: str) -> None:
    assert pages.environment().filters[kind](value) == shown
