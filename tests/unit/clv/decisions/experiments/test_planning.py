"""Plans in numbers and in words."""

from __future__ import annotations

from datetime import date

import pytest

from clv.decisions.experiments import planning, wording
from clv.decisions.experiments.definitions import Definition
from clv.decisions.experiments.differences import Moments
from clv.decisions.experiments.planning import Plan

DAY, BEFORE = date(2024, 6, 1), date(2024, 4, 1)


def test_bands_and_forecast_leave_less_variance() -> None:
    # Each band has a variance of 9, of which the forecast explains 1.5^2 / 0.5 = 4.5.
    bands = [Moments(10, mean, 9.0, mean, 0.5, 1.5) for mean in (0.0, 100.0)]
    assert planning.unexplained(bands).variance == pytest.approx(4.5)


def test_a_window_has_the_smallest_effect_and_the_customers_needed() -> None:
    found = planning.window(60, Moments(50, 10.0, 400.0), Moments(50, 10.0, 100.0), 1000, (0.5, 0.5), 0.1, 0.05)
    # A deviation of 10 and 1,000 customers: 2.8016 x 10 x 2 / root of 1,000. For 1.00: (2.8016 x 20)^2 = 3,139.6.
    assert (found.deviation, found.deviation_left) == (20.0, 10.0)
    assert found.smallest_effect == pytest.approx(1.772, abs=1e-3)
    assert found.customers_needed == 3140


def planned(**changed: object) -> Plan:
    seen = [planning.Window(60, 20.0, 30.0, 25.0, 4.0, 4000), planning.Window(182, 60.0, 60.0, 50.0, 5.0, 900)]
    return Plan(DAY, 1000, {"act": 500, "control": 500}, BEFORE, 900, seen, 182)._replace(**changed)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changed", "last"),
    [
        ({}, "In 60 days the smallest effect it sees is 20 % of the mean: too much for 10 %, which needs 4,000 "
             "customers, or 182 days."),
        ({"days_needed": None}, "which needs 4,000 customers."),
        ({"days_needed": 28}, "enough for 10 %, for which 28 days are needed."),
        ({"windows": [], "past_day": None}, "publish a date that lies at least 60 days before 2024-06-01, with"),
        ({"customers": 0}, "The population selects nobody"),
        ({"windows": [planning.Window(60, 0.0, 0.0, 0.0, 0.0, None)]}, "Nobody of them had any net revenue within 60"),
        ({"windows": [planning.Window(60, -2.0, 30.0, 25.0, 4.0, None)]},
         "In 60 days the smallest effect it sees is 4.00 per customer. The mean is -2.00, so 10 % of it is no effect"),
    ],
)  # fmt: skip
def test_a_plan_ends_with_what_to_expect(changed: dict, last: str) -> None:
    lines = wording.of_plan("mail", Definition(), planned(**changed))
    assert lines[0].startswith("mail: ")
    assert last in lines[-1]


def test_a_plan_says_whose_variance_it_takes() -> None:
    shown = wording.of_plan("mail", Definition(), planned())[2]
    assert shown == (
        "variance: that of the 900 customers who were selected on 2024-04-01, whether they might be contacted or not"
    )
    assert wording.of_plan("mail", Definition(contact=False), planned())[2] == shown.partition(",")[0]
