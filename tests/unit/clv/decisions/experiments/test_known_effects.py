"""Experiments on the simulated shop, whose customers' true responses are known: how often read-outs are right."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import numpy as np

from clv.decisions.experiments import differences, reading
from clv.decisions.experiments.assigning import Started, divide
from clv.decisions.experiments.definitions import Definition
from clv.decisions.experiments.population import Customer
from sample_shop import model

EXPERIMENTS, CUSTOMERS, HISTORY = 400, 800, 1096
DEFINITION = Definition(arms={"mail": 60, "control": 40}, window_days=90)
START = date(2024, 6, 1)


def test_read_outs_hold_what_customers_truly_respond() -> None:
    draw = np.random.default_rng(5)
    people = model.draw_customers(draw, CUSTOMERS, HISTORY, first_day_of_year=150)
    orders = model.truth(people, HISTORY, first_day_of_year=150)["expected_orders_90"]
    value = model.expected_order_value(people) / 100
    # Customers order up to twice as much because of the mail, those with few orders more than others, and half not.
    response = draw.uniform(0, 1, CUSTOMERS) * (draw.random(CUSTOMERS) < 0.5) * np.exp(-orders)
    effect = float(np.mean(response * orders * value))
    forecast = orders * value * np.exp(draw.normal(0, 0.5, CUSTOMERS))
    bands = np.digitize(forecast, np.quantile(forecast, [0.5, 0.8, 0.95]))
    everybody = [
        Customer(UUID(int=number), str(band), known)
        for number, (band, known) in enumerate(zip(bands, forecast, strict=True))
    ]
    held, narrower = [], []
    for number in range(EXPERIMENTS):
        arm_of = divide(f"experiment {number}", everybody, DEFINITION.arms)
        mailed = np.array([arm_of[one.key] == "mail" for one in everybody])
        placed = draw.poisson(orders * (1 + response * mailed))
        spent = np.where(placed > 0, draw.gamma(np.maximum(2 * placed, 1), value / 2), 0)
        found = of_arms(spent, forecast, bands, mailed)
        held.append(found.adjusted.low <= effect <= found.adjusted.high)
        narrower.append(found.adjusted.standard_error / found.plain.standard_error)
    assert 0.93 <= np.mean(held) <= 0.97
    assert np.mean(narrower) < 0.9  # what the forecast is for


def of_arms(spent: np.ndarray, forecast: np.ndarray, bands: np.ndarray, mailed: np.ndarray) -> reading.Comparison:
    """The read-out of these outcomes, as the database would sum them."""
    sums = {
        str(band): {
            arm: differences.of_values(spent[(bands == band) & of_arm], forecast[(bands == band) & of_arm])
            for arm, of_arm in (("mail", mailed), ("control", ~mailed))
        }
        for band in np.unique(bands)
    }
    end = START + timedelta(days=DEFINITION.window_days)
    experiment = Started("spring", START, DEFINITION)
    return reading.judged(experiment, end, end, {"revenue": sums}, "EUR").comparisons[0]
