"""The charts of sections, drawn from few and unusual rows."""

from __future__ import annotations

from datetime import date
from typing import Any

from clv.reporting.drawing import Chart
from clv.reporting.report.sections import channels, cohorts, segments

SEGMENTS = ["loyal", "lost"]


def move(left: str, right: str, customers: int) -> dict:
    return {"from_segment": left, "to_segment": right, "customers": customers, "before_on": date(2024, 5, 2)}


def month(cohort: int, number: int, *, customers: int = 10, retention: float | None = 0.0, **columns: Any) -> dict:
    return {
        "cohort_month": date(2024, cohort, 1), "month_number": number, "customers": customers, "retention": retention,
        "over": True, "expected": False, "cumulative_revenue": 100 * (number + 1), "cumulative_revenue_low": None,
        "cumulative_revenue_high": None, **columns,
    }  # fmt: skip


def plain(chart: Chart | None) -> str:
    assert chart
    return chart.words.replace("\u00a0", " ")


def test_the_shops_own_names_are_drawn_unchanged():
    names = ["a$_$b", "cash $5 off $10", "<b>&", "x" * 300]
    rows = [{"channel": name, "cac": 1, "ltv": 2, "payback_month": None} for name in names]
    chart = channels.costs(rows, "EUR")
    assert chart
    for shown in ("a$_$b", "cash $5 off $10", "&lt;b&gt;&amp;", "x" * 39 + "…"):
        assert f">{shown}</text>" in chart.svg


def test_customers_who_left_a_now_empty_segment_are_counted_as_changed():
    rows = [move("loyal", "loyal", 50), move("new", "lost", 50), move("not yet a customer", "loyal", 900)]
    assert "50 % are in the same segment as before" in plain(segments.transitions(rows, SEGMENTS))
    assert "all of them are new" in plain(segments.transitions(rows[2:], SEGMENTS))


def test_retention_uses_only_whole_months_and_weighs_customers_equally():
    rows = [
        month(3, 1, customers=30, retention=0.2), month(3, 2, retention=0.01, over=False),
        month(4, 1, customers=10, retention=0.4), month(5, 1, retention=0.01, over=False),
    ]  # fmt: skip
    chart = cohorts.retention(rows)
    assert "25 % of all of them ordered in the first month after" in plain(chart)
    assert chart
    assert chart.numbers == [["first order in", "customers", "1"], ["2024-03", "30", "20 %"], ["2024-04", "10", "40 %"]]
    assert ">2024-03 (30)</text>" in chart.svg


def test_without_a_forecast_only_actuals_are_shown():
    rows = [month(4, 0), month(4, 1), month(4, 2, over=False)]
    chart = cohorts.curves(rows, "EUR")
    assert chart
    assert chart.title == "What a new customer has brought"
    assert plain(chart).endswith("those of 2024-04 have brought 30 each so far.")
    expected = [*rows[:2], month(4, 2, over=False, expected=True)]
    chart = cohorts.curves(expected, "EUR")
    assert plain(chart).endswith("those of 2024-04 will have brought 30 each by the end of month 2.")
