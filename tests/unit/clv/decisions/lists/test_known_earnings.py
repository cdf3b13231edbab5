"""Lists of the simulated shop, whose customers' true responses are known: how often their read-outs are right."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from clv.decisions.experiments import differences
from clv.decisions.lists import hold_outs
from clv.decisions.lists.hold_outs import Acted, Earning
from sample_shop import model

LISTS, CUSTOMERS, HISTORY = 400, 10_000, 1096


@pytest.fixture(scope="module")
def shop() -> tuple[np.ndarray, np.ndarray]:
    """The orders that each customer of a shop is expected to place within 30 days, and their mean value."""
    people = model.draw_customers(np.random.default_rng(6), CUSTOMERS, HISTORY, first_day_of_year=150)
    orders = model.truth(people, HISTORY, first_day_of_year=150)["expected_orders_90"] / 3
    return orders, model.expected_order_value(people) / 100


@pytest.mark.parametrize(("customers", "share", "response", "most"), [(600, 0.1, 0.3, 1.0), (2000, 0.1, 0.3, 0.97)])
def test_read_outs_hold_what_lists_truly_earn(
    shop: tuple, customers: int, share: float, response: float, most: float
) -> None:
    draw = np.random.default_rng(9)
    held, claimed = [], []
    for _ in range(LISTS):
        *given, effect = drawn(shop, draw, customers, share, response)
        found = read(*given, share)
        if found.difference is None or found.always_valid is None:  # one in a thousand is drawn too unevenly
            continue
        held.append(found.difference.low <= effect <= found.difference.high)
        claimed.append(found.always_valid[0] > effect)
    assert 0.93 <= np.mean(held) <= most  # of a small hold-out, the interval is rather too wide
    assert np.mean(claimed) <= 0.025  # says that more was earned than was


def test_a_list_that_earns_nothing_rarely_seems_to_on_any_day(shop: tuple) -> None:
    draw, alarms = np.random.default_rng(8), 0
    for _ in range(100):
        *given, _ = drawn(shop, draw, 3000, 0.1, 0.0)
        looks = (read(*(one[:number] for one in given), 0.1) for number in range(500, 3001, 500))
        alarms += any(found.state in ("earned", "lost") for found in looks)
    assert alarms < 5


def drawn(shop: tuple, draw: np.random.Generator, customers: int, share: float, response: float) -> tuple:
    """Customers of a list: what each spent, their forecast, their value band, whether they are held out, and the true
    effect per customer. Half do not respond; the others order more, up to four times the mean response."""
    chosen = draw.integers(0, CUSTOMERS, customers)
    orders, value = shop[0][chosen], shop[1][chosen]
    responses = draw.uniform(0, 4 * response, customers) * (draw.random(customers) < 0.5)
    is_held = draw.random(customers) < share
    placed = draw.poisson(orders * (1 + responses * ~is_held))
    spent = np.where(placed > 0, draw.gamma(np.maximum(2 * placed, 1), value / 2), 0)
    forecast = orders * value * np.exp(draw.normal(0, 0.5, customers))
    bands = np.digitize(forecast, np.quantile(forecast, [0.5, 0.8, 0.95]))
    return spent, forecast, bands, is_held, float(np.mean(responses * orders * value))


def read(spent: np.ndarray, forecast: np.ndarray, bands: np.ndarray, is_held: np.ndarray, share: float) -> Earning:
    """The read-out of these customers, as the database would sum them."""
    sums = {
        str(band): {
            arm: differences.of_values(spent[chosen], forecast[chosen])
            for arm, of_arm in (("act", ~is_held), ("hold out", is_held))
            if (chosen := (bands == band) & of_arm).sum() > 1
        }
        for band in np.unique(bands)
    }
    acted = Acted("back", "Back", "EUR", first_on=date(2024, 6, 1), entered=len(spent), drawn=len(spent), contacts=1)
    return hold_outs.judged(acted, "revenue", {share: sums})
