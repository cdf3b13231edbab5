"""Orders that customers place because somebody contacted them, on top of what they would have ordered anyway."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sample_shop import model

WITHIN_DAYS = 20.0  # of the contact


class Responses(NamedTuple):
    """customer, time: of each extra order, in the order of time; times are days from the history's start. orders,
    revenue: what is expected of all contacted customers, in extra orders and in EUR before refunds."""

    customer: np.ndarray
    time: np.ndarray
    orders: float
    revenue: float


def means(seed: int, customers: int, response: float) -> np.ndarray:
    """The extra orders that a first contact brings on average, of each customer. Half do not respond; the others lie
    evenly between none and four times the response, which so is the mean of all."""
    draw = np.random.default_rng([seed, 3])  # a separate generator, so that the orders do not depend on it
    return draw.uniform(0, 4 * response, customers) * (draw.random(customers) < 0.5)


def contacted(exports: Iterable[Path], start: date) -> dict[int, int]:
    """The day of the first contact of each customer, from exported files of lists with the columns customer_id and
    as_of_date. Customers are counted from 0, days from the history's start."""
    first: dict[int, int] = {}
    for path in exports:
        with path.open(newline="") as file:
            for row in csv.DictReader(file):
                customer = int(row["customer_id"].removeprefix("C")) - 1
                day = (date.fromisoformat(row["as_of_date"]) - start).days
                first[customer] = min(day, first.get(customer, day))
    return first


def draw(people: model.Customers, days: dict[int, int], response: float, seed: int, history: int) -> Responses:
    """Draws the extra orders of contacted customers, before the history's end. days: see `contacted`."""
    who = np.array(sorted(days), dtype=int)
    expected = means(seed, len(people.arrival), response)[who]
    rng = np.random.default_rng([seed, 4])
    customer = np.repeat(who, rng.poisson(expected))
    begin = np.array([days[one] for one in customer], dtype=float)
    time = np.floor(begin + WITHIN_DAYS * rng.random(len(customer))) + (8 + 14 * rng.random(len(customer))) / 24
    order = np.lexsort((customer, time))
    kept = order[time[order] < history]
    value = model.expected_order_value(people)[who] / 100
    return Responses(customer[kept], time[kept], float(expected.sum()), float((expected * value).sum()))
