"""Read-outs in numbers and in words, from sums."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from clv.decisions.experiments import reading, wording
from clv.decisions.experiments.assigning import Started
from clv.decisions.experiments.definitions import Definition
from clv.decisions.experiments.differences import Moments
from clv.decisions.experiments.reading import Reading, Sums

DAY = date(2024, 6, 1)
MAIL = Definition(arms={"mail": 50, "control": 50}, window_days=60, guards=("opt_outs",))
# 1,000 customers in each arm, in two bands. Without bands, the variance would be that between the bands too.
REVENUE = {
    "high": {"mail": Moments(500, 110.0, 100.0), "control": Moments(500, 100.0, 100.0)},
    "low": {"mail": Moments(500, 12.0, 100.0), "control": Moments(500, 10.0, 100.0)},
}
OPT_OUTS = {
    band: {"mail": Moments(500, 0.05, 0.0475), "control": Moments(500, 0.01, 0.0099)} for band in ("high", "low")
}
FOUND: Sums = {"revenue": REVENUE, "opt_outs": OPT_OUTS}


def read(days: int = 60, found: Sums = FOUND, definition: Definition = MAIL, stopped: int | None = None) -> Reading:
    experiment = Started("spring", DAY, definition, DAY + timedelta(days=stopped) if stopped else None)
    until = DAY + timedelta(days=days)
    return reading.judged(experiment, until, until, found, "EUR")


def test_arms_are_compared_within_bands() -> None:
    found = read().comparisons[0]
    assert (found.metric, found.arm, found.customers, found.mean, found.control_mean) == (
        "revenue",
        "mail",
        1000,
        61,
        55,
    )
    # (110 - 100 + 12 - 10) / 2 = 6 with an error of the root of 100 / 1000 + 100 / 1000, and 1.961 errors either way.
    assert found.adjusted.estimate == pytest.approx(6.0)
    assert found.adjusted.low == pytest.approx(6 - 1.961 * 0.2**0.5, abs=1e-3)
    assert found.plain.low < 2  # as wide as the bands are apart
    assert found.always_valid[0] == pytest.approx(6 - 3.035 * 0.2**0.5, abs=1e-3)


def test_a_read_out_is_a_sentence() -> None:
    texts = wording.messages(read())
    assert texts["revenue", "mail"] == (
        "Mail did better than control: net revenue +6.00 EUR per customer (+11 %; 95 % interval +5.12 to +6.88); "
        "+6,000 EUR for its 1,000 customers."
    )
    assert texts["opt_outs", "mail"].startswith(
        "Mail did worse than control: customers who withdraw consent +4.00 of 100 (+400 %;"
    )
    assert wording.of_reading(read()) == [
        "spring, started on 2024-06-01: its 60 days are over (mail 1,000, control 1,000)"
    ]


def test_before_the_end_the_interval_is_the_one_for_daily_looks() -> None:
    early = read(days=6)
    assert early.state == reading.RUNNING
    assert wording.decisive(early.comparisons[0], early) == early.comparisons[0].always_valid
    assert wording.messages(early)["revenue", "mail"].startswith("So far, mail did better than control")
    assert wording.of_reading(early)[0].endswith(
        "day 6 of 60; the result comes on 2024-07-31 (mail 1,000, control 1,000)"
    )
    stopped = read(days=6, stopped=6)
    assert stopped.state == reading.STOPPED
    assert wording.messages(stopped)["revenue", "mail"].startswith("By the day it was stopped, mail did better")


def test_no_difference_has_its_interval_too() -> None:
    same = {"all": {arm: Moments(500, 10.0, 100.0) for arm in ("mail", "control")}}
    message = wording.messages(read(found={"revenue": same, "opt_outs": {}}))
    assert message["revenue", "mail"] == (
        "No difference between mail and control is seen: net revenue +0.00 EUR per customer (+0 %; 95 % interval -1.24 "
        "to +1.24)."
    )
    assert message["opt_outs", "mail"].startswith("Nothing can be said of customers who withdraw consent")


def test_a_loss_is_no_base_of_a_percentage() -> None:
    lossy = {"all": {"mail": Moments(500, -1.0, 100.0), "control": Moments(500, -4.0, 100.0)}}
    assert (
        "net revenue +3.00 EUR per customer (95 % interval"
        in wording.messages(read(found={"revenue": lossy}))["revenue", "mail"]
    )


def test_arms_that_are_not_divided_as_planned_are_not_compared() -> None:
    lost = {"high": {"mail": Moments(400, 110.0, 100.0), "control": Moments(500, 100.0, 100.0)}}
    found = read(found={"revenue": lost})
    assert (found.state, found.comparisons) == (reading.MISMATCH, [])
    assert wording.messages(found)["revenue", "mail"].startswith(
        "Nothing is compared: customers are missing from one arm more than chance explains (p = 0.00086)."
    )
    # 450 planned for each: chi-square is 2 x 50^2 / 450 = 11.1.
    assert found.sample_ratio_p == pytest.approx(0.00086, abs=1e-5)


def test_customers_who_are_lost_from_one_arm_alone_end_the_read_out() -> None:
    arms = {"mail": Moments(1900, 11.0, 100.0), "control": Moments(2000, 10.0, 100.0)}
    until = DAY + timedelta(days=60)
    started = Started("spring", DAY, MAIL, assigned={"mail": 2000, "control": 2000})
    found = reading.judged(started, until, until, {"revenue": {"all": arms}}, "EUR")
    # As a division at random, 1,900 and 2,000 of 3,900 would be nothing special.
    assert (found.state, found.customers) == (reading.MISMATCH, {"mail": 1900, "control": 2000})
    assert found.sample_ratio_p < 1e-20


def test_several_arms_share_the_false_alarms() -> None:
    three = Definition(arms={"men": 40, "women": 40, "none": 20}, control="none", window_days=60)
    arms = {arm: Moments(count, 10.0, 100.0) for arm, count in (("men", 400), ("women", 400), ("none", 200))}
    found = read(found={"revenue": {"all": arms}}, definition=three)
    assert [one.arm for one in found.comparisons] == ["men", "women"]
    half = found.comparisons[0].adjusted.high
    assert half == pytest.approx(2.25 * (100 / 400 + 100 / 200) ** 0.5, abs=0.01)  # 97.5 % in place of 95 %
    assert "97.5 % interval" in wording.messages(found)["revenue", "men"]
