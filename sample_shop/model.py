"""The behaviour of the simulated customers, and their true expected orders and revenue.

A customer's first order is on arrival. Further orders come at the customer's own rate (gamma distributed), times the
shop's season and trend, until the customer leaves (exponential lifetime, gamma distributed rate). An order has 1 +
Poisson lines of 1 + Poisson pieces. Both means are the customer's own, so spend per order is skewed and differs between
customers. Times are days from the history's start.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clv.core.declared import HORIZONS

CATEGORIES = ("home", "garden", "kitchen", "toys", "books", "beauty")
CHANNELS = ("search", "email", "social", "direct", "marketplace")
CHANNEL_SHARES = (0.34, 0.16, 0.2, 0.22, 0.08)
PAID_CHANNELS = {"search": 32.0, "social": 48.0, "marketplace": 15.0}  # approximate cost of acquiring a customer
COUNTRIES = ("DE", "FR", "NL", "AT", "BE", "IT")
COUNTRY_SHARES = (0.45, 0.2, 0.12, 0.1, 0.08, 0.05)
PRODUCTS_PER_CATEGORY = 20
FAVOURITE_SHARE = 0.6  # of lines from the customer's favourite category
COST_SHARE = 0.55  # of the list price
DISCOUNTED_SHARE, DISCOUNT = 0.2, 0.1
SALES = ("winter sale", "spring sale", "summer sale", "autumn sale")  # one per quarter, each with its code
CODES = ("WINTER10", "SPRING10", "SUMMER10", "AUTUMN10")
REFUNDED_SHARE, REFUND_WITHIN_DAYS = 0.06, 30.0  # refunds are evenly spread over the days after the order
CONSENTS = ("yes", "no", "")  # to marketing; the last group was never asked
CONSENT_SHARES = (0.55, 0.2, 0.25)
YEARLY_GROWTH = 0.08
CUSTOMERS_AT_ONCE = 20_000  # in the integral of `truth`, to limit memory


@dataclass(frozen=True)
class Customers:
    """One element per customer; rates per day, times in days."""

    arrival: np.ndarray
    leaves: np.ndarray
    order_rate: np.ndarray
    leave_rate: np.ndarray
    extra_lines: np.ndarray
    extra_pieces: np.ndarray
    favourite: np.ndarray
    channel: np.ndarray
    country: np.ndarray


def demand(days: np.ndarray, first_day_of_year: int, history: int) -> np.ndarray:
    """Season times trend at each time. Highest in late November; grows by YEARLY_GROWTH; 1 on average at the end."""
    day_of_year = (days + first_day_of_year) % 365.25
    season = 1 + 0.3 * np.cos(2 * np.pi * (day_of_year - 330) / 365.25)
    return season * (1 + YEARLY_GROWTH) ** ((days - history) / 365.25)


def prices() -> np.ndarray:
    """List prices in cents, shape (categories, products). Multiples of ten cents, so that 10 % off is exact."""
    place = np.arange(PRODUCTS_PER_CATEGORY) / PRODUCTS_PER_CATEGORY
    level = np.array([24, 32, 18, 15, 12, 20], dtype=float)[:, None]
    return (np.round(level * (0.4 + 2.2 * place**2) * 10) * 10).astype(np.int64)


def draw_customers(rng: np.random.Generator, number: int, history: int, first_day_of_year: int) -> Customers:
    """Draws customers who arrive throughout the history, with season and growth."""
    grid = np.arange(history + 1, dtype=float)
    arrivals = np.concatenate([[0.0], np.cumsum(demand(grid[:-1] + 0.5, first_day_of_year, history))])
    arrival = np.sort(np.interp(rng.random(number) * arrivals[-1], arrivals, grid))
    leave_rate = rng.gamma(1.6, 1 / 560, number)
    return Customers(
        arrival=arrival,
        leaves=arrival + rng.exponential(1.0, number) / np.maximum(leave_rate, 1e-9),
        order_rate=rng.gamma(1.1, 6.0 / 1.1 / 365.25, number),
        leave_rate=leave_rate,
        extra_lines=rng.gamma(2.0, 0.4, number),
        extra_pieces=rng.gamma(1.2, 0.5, number),
        favourite=rng.integers(0, len(CATEGORIES), number),
        channel=rng.choice(len(CHANNELS), number, p=CHANNEL_SHARES),
        country=rng.choice(len(COUNTRIES), number, p=COUNTRY_SHARES),
    )


def draw_orders(
    rng: np.random.Generator, customers: Customers, history: int, first_day_of_year: int
) -> tuple[np.ndarray, np.ndarray]:
    """Customer and time of each order before the history's end, ordered by time: a Poisson process that follows
    demand."""
    grid = np.arange(history + 1, dtype=float)
    clock = np.concatenate([[0.0], np.cumsum(demand(grid[:-1] + 0.5, first_day_of_year, history))])
    starts = np.interp(customers.arrival, grid, clock)
    ends = np.interp(np.minimum(customers.leaves, history), grid, clock)
    repeats = rng.poisson(customers.order_rate * (ends - starts))
    repeater = np.repeat(np.arange(len(repeats)), repeats)
    at = starts[repeater] + rng.random(len(repeater)) * (ends - starts)[repeater]
    customer = np.concatenate([np.arange(len(repeats)), repeater])
    time = np.concatenate([customers.arrival, np.interp(at, clock, grid)])
    # Orders are placed between 8 and 22 o'clock of their day.
    time = np.floor(np.minimum(time, history - 1e-6)) + (8 + 14 * rng.random(len(time))) / 24
    order = np.lexsort((customer, time))
    return customer[order], time[order]


def expected_order_value(customers: Customers) -> np.ndarray:
    """Each customer's expected order value before refunds, in cents."""
    per_category = prices().mean(axis=1)
    price = FAVOURITE_SHARE * per_category[customers.favourite] + (1 - FAVOURITE_SHARE) * per_category.mean()
    return price * (1 + customers.extra_lines) * (1 + customers.extra_pieces) * (1 - DISCOUNTED_SHARE * DISCOUNT)


def refunded_within(days: np.ndarray) -> np.ndarray:
    """Probability that a line is refunded within so many days of its order."""
    return REFUNDED_SHARE * np.clip(days / REFUND_WITHIN_DAYS, 0.0, 1.0)


def truth(customers: Customers, history: int, first_day_of_year: int) -> dict[str, np.ndarray]:
    """Expected orders and revenue (cents, less refunds of those orders) in each horizon after the history's end.

    Uses who is active at the end. Integrates order rate × demand × probability of still being active over the horizon,
    by the midpoints of days; each order is reduced by its probability of being refunded within the horizon.
    """
    days = np.arange(max(HORIZONS)) + 0.5
    future = demand(days + history, first_day_of_year, history)
    rate = np.where(customers.leaves > history, customers.order_rate, 0.0)
    value = expected_order_value(customers)
    result = {f"expected_{what}_{h}": np.empty(len(rate)) for h in HORIZONS for what in ("orders", "revenue")}
    for start in range(0, len(rate), CUSTOMERS_AT_ONCE):
        part = slice(start, start + CUSTOMERS_AT_ONCE)
        intensity = future * np.exp(-customers.leave_rate[part, None] * days) * rate[part, None]
        for h in HORIZONS:
            kept = 1 - refunded_within(h - days[:h])
            result[f"expected_orders_{h}"][part] = intensity[:, :h].sum(axis=1)
            result[f"expected_revenue_{h}"][part] = (intensity[:, :h] @ kept) * value[part]
    return result
