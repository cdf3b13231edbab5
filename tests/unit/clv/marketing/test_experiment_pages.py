"""The page of experiments: what it says of each, and who may stop one."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from visiting import token

from clv.decisions.experiments import assigning, planning, population
from clv.decisions.experiments.assigning import Started
from clv.decisions.experiments.definitions import Definition
from clv.decisions.experiments.planning import Plan, Window
from clv.marketing import acts
from clv.marketing.pages import experiments

BEGIN = date(2024, 6, 1)
STARTED = Started("mail", BEGIN, Definition(window_days=10), None, {"act": 40, "control": 41})


def row(**changes) -> dict:
    """A read-out of revenue by its fourth day."""
    return {
        "experiment": "mail", "as_of_date": BEGIN + timedelta(days=4), "metric": "revenue", "arm": "act",
        "control": "control", "state": "running", "started_on": BEGIN, "window_days": 10, "days_read": 4,
        "customers": 40, "control_customers": 40, "mean": 12.5, "control_mean": 10.0, "difference": 2.5,
        "adjusted_difference": 2.4, "adjusted_low": 1.0, "adjusted_high": 3.8, "always_valid_low": -1.234,
        "always_valid_high": 6.0, "sample_ratio_p": 0.5, "currency": "EUR", "message": "So far, <nothing>.",
        "is_outcome": True,
    } | changes  # fmt: skip


@pytest.fixture
def shop(visitor, monkeypatch):
    """A shop with one experiment that runs, read on its fourth day; the acts that are recorded."""
    recorded: list[tuple] = []
    monkeypatch.setattr(population, "newest_date", lambda *_: BEGIN + timedelta(days=4))
    monkeypatch.setattr(assigning, "every", lambda _: [STARTED])
    monkeypatch.setattr(experiments, "_rows", lambda *_: [row()])
    monkeypatch.setattr(acts, "of", lambda *_: [])
    monkeypatch.setattr(acts, "record", lambda *given, **_over: recorded.append(given[:3]) or 5)
    monkeypatch.setattr(assigning, "stop", lambda *_, **_over: BEGIN + timedelta(days=4))
    return recorded


@pytest.mark.parametrize(
    ("days", "stopped_on", "state", "is_running"),
    [
        (0, None, "day 0 of 10; the result comes on 2024-06-11", True),
        (9, None, "day 9 of 10; the result comes on 2024-06-11", True),
        (10, None, "its days are over", False),
        (12, BEGIN + timedelta(days=3), "stopped on 2024-06-04", False),
    ],
)
def test_how_far_an_experiment_is(days, stopped_on, state, is_running):
    found = experiments.shown(STARTED._replace(stopped_on=stopped_on), BEGIN + timedelta(days=days), [])
    assert (found.state, found.is_running) == (state, is_running)


def test_the_interval_is_the_one_that_is_the_result():
    assert experiments.figures(row()) == ("revenue", "act", "12.50", "10.00", "2.40", "-1.23", "6.00")
    assert experiments.figures(row(state="closed"))[-2:] == ("1.00", "3.80")
    assert experiments.figures(row(metric="orders", adjusted_difference=0.01))[4] == "0.0100"
    assert experiments.figures(row(mean=None))[2] == "–"


def test_who_is_missing_of_each_arm():
    assert experiments.shown(STARTED, BEGIN, [row()]).lost == {"control": 1}
    assert experiments.shown(STARTED, BEGIN, []).lost == {}


def test_the_pages_show_the_read_out(visitor, shop):
    assert "So far, &lt;nothing&gt;." in visitor.get("/experiments").text
    text = visitor.get("/experiments/mail").text
    assert "-1.23 to 6.00" in text
    assert "control 1." in text


def test_a_file_that_was_not_started_is_planned(visitor, shop, monkeypatch):
    (visitor.home.home / "experiments").mkdir()
    (visitor.home.home / "experiments" / "spring.yml").write_text("outcome: revenue\n")
    window = Window(60, 10.0, 20.0, 19.0, 2.0, 900)
    monkeypatch.setattr(planning, "plan", lambda *_: Plan(BEGIN, 100, {"act": 50}, BEGIN, 90, [window], None))
    assert '<a href="/marketing/experiments/spring">spring</a>' in visitor.get("/experiments").text
    assert "In 60 days the smallest effect it sees is 20 % of the mean" in visitor.get("/experiments/spring").text
    assert "there is no experiment &#39;autumn&#39;" in visitor.get("/experiments/autumn").text


def test_who_may_stop_it(visitor, shop):
    assert visitor.post("/experiments/mail/stop").status_code == 403
    answer = visitor.post("/experiments/mail/stop", {"form_token": token()})
    assert answer.headers["location"] == "/marketing/experiments/mail?done=5"
    assert shop == [("anna", "stop", "experiment mail")]
    assert "<form" in visitor.get("/experiments/mail").text
    visitor.role = "viewer"
    assert "<form" not in visitor.get("/experiments/mail").text
    assert visitor.post("/experiments/mail/stop", {"form_token": token()}).status_code == 403
    assert len(shop) == 1
