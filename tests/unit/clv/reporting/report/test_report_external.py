"""What the page says about another system's forecast and ours."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from clv.reporting.pages import environment
from clv.reporting.report.sections import external

DAY = date(2024, 6, 1)


def rows(nearer: dict[str, str | None], as_of: date = DAY, **more: Any) -> list[dict]:
    """The rows of an export, one for each metric."""
    figure = None if None in nearer.values() else 0.5
    whole = {"system": "Klaviyo", "horizon_days": 365, "as_of_date": as_of, "is_open": False, "theirs": figure}
    whole |= {"our_as_of_date": as_of}
    return [{**whole, "metric": metric, "nearer": who, **more} for metric, who in nearer.items()]


@pytest.mark.parametrize(
    ("nearer", "words"),
    [
        (
            {"normalized_gini": "ours", "rmse": "ours", "bias": "theirs", "auc": "neither"},
            "Our forecast was nearer by ranking of customers and error per customer. The forecast of Klaviyo was "
            "nearer by total. The other difference may be chance.",
        ),
        (
            {"normalized_gini": "theirs", "rmse": "neither", "bias": "neither"},
            "The forecast of Klaviyo was nearer by ranking of customers. The other differences may be chance.",
        ),
        ({"rmse": "neither"}, "Neither forecast was nearer: all differences may be chance."),
        ({"rmse": "ours"}, "Our forecast was nearer by error per customer."),
    ],
)
def test_the_verdict_names_what_is_no_chance(nearer, words):
    assert external.verdict(rows(nearer)) == words


def test_the_latest_closed_forecast_is_shown_and_the_next_open_one():
    found = external.compared(
        [
            *rows({"rmse": None}, DAY + timedelta(days=9), is_open=True),
            *rows({"rmse": None}, DAY + timedelta(days=8), is_open=True),
            *rows({"rmse": "ours"}, DAY),
            *rows({"rmse": "theirs"}, DAY - timedelta(days=1)),
        ],
        [90, 365],
    )
    assert found["latest"]["as_of_date"] == DAY
    assert (found["next"]["as_of_date"], found["later"]) == (DAY + timedelta(days=8), 1)
    assert found["not_judged"] is None


def test_a_newer_forecast_that_cannot_be_judged_is_named():
    found = external.compared([*rows({"rmse": None}), *rows({"rmse": "ours"}, DAY - timedelta(days=7))], [365])
    assert found["latest"]["as_of_date"] == DAY - timedelta(days=7)
    assert found["not_judged"]["as_of_date"] == DAY
    assert (found["next"], found["later"]) == (None, 0)


@pytest.mark.parametrize(
    ("row", "horizons", "obstacle"),
    [
        ({"our_as_of_date": None}, [90, 180], "horizon"),
        ({"our_as_of_date": None, "is_open": True}, [90, 180], "horizon"),
        ({"our_as_of_date": None, "is_open": True}, [90, 365], "ours"),
        ({"our_as_of_date": DAY}, [365], "few"),
        ({"our_as_of_date": DAY, "is_open": True}, [365], None),
    ],
)
def test_the_obstacle_of_an_export_without_figures_is_named(row, horizons, obstacle):
    found = external.compared(rows({"rmse": None}, **row), horizons)
    assert (found["not_judged"] or {}).get("obstacle") == obstacle
    assert bool(found["next"]) == (obstacle is None)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"horizon_days": 30, "our_as_of_date": None}, "cannot be judged: ours is over 90, 365 days, not 30."),
        ({"our_as_of_date": None}, "<code>clv run --as-of 2024-06-01</code> makes one, if the orders before that day"),
        ({}, "cannot be judged: 29 of the 50 customers in the export have a forecast of ours too, and 30 are needed."),
    ],
)
def test_the_page_gives_a_remedy_only_where_it_helps(row, words):
    shown = [external.compared(rows({"rmse": None}, **{"customers": 29, "forecasts": 50, **row}), [90, 365])]
    facts = {"systems": shown, "horizons": [90, 365], "fewest": 30, "currency": "EUR"}
    page = environment().get_template("report/external.html").render(facts=facts)
    assert words in page
    assert "will be judged" not in page
    assert page.count("clv run") == words.count("clv run")
