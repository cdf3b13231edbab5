"""Compares the forecast with the best possible one on a simulated shop: python -m benchmarks.oracle [--horizon 90]

Makes a shop whose customers' true rates are known, and backtests the pipeline on it at one origin. Prints, over all
customers, correlations with the true expected revenue within the horizon, which is 0 for customers who have left:

- `parameters`: an oracle that knows each customer's own rates, mean order value and history, but not whether the
  customer has left.
- `population`: the posterior mean, the best forecast for anybody who knows each customer's history and the distribution
  of rates over customers, with the season and the growth.
- `perennial`: the forecast, which knows only the history.
"""

from __future__ import annotations

import argparse
import tempfile
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import gammaln

from clv.commands.console import steps
from clv.core import settings
from clv.evaluation.backtest import run
from clv.platform.runtime import stack
from clv.reporting.backtest import report
from sample_shop import make, model, shop

UNTIL = date(2024, 6, 1)
RATE = (1.1, 1.1 * 365.25 / 6.0)  # shape and rate (per day) of the gamma distribution of order rates
LEAVING = (1.6, 560.0)  # the same for the rates of leaving
LINES, PIECES = (2.0, 1 / 0.4), (1.2, 1 / 0.5)
NODES, WEIGHTS = (array / 2 for array in np.polynomial.legendre.leggauss(48))


class Shop:
    """The simulated customers and their orders before an origin; times in days from the first day."""

    def __init__(self, customers: int, seed: int, days: int, origin: int) -> None:
        """Draws the same shop that `make` writes."""
        self.days, self.origin = days, origin
        self.first_day_of_year = (UNTIL - timedelta(days=days)).timetuple().tm_yday
        rng = np.random.default_rng(seed)
        self.people = model.draw_customers(rng, customers, days, self.first_day_of_year)
        customer, time = model.draw_orders(rng, self.people, days, self.first_day_of_year)
        lines = shop.draw_lines(rng, self.people, customer, time)
        self.known = self.people.arrival < origin
        before = time < origin
        self.orders = np.bincount(customer[before], minlength=customers)
        self.last = np.maximum(self.people.arrival, 0)
        np.maximum.at(self.last, customer[before], np.minimum(time[before], origin))
        seen = lines["time"] < origin
        self.lines = np.bincount(lines["customer"][seen], minlength=customers)
        self.pieces = np.bincount(lines["customer"][seen], lines["pieces"][seen], minlength=customers)
        kinds = len(model.CATEGORIES)
        self.categories = np.bincount(
            lines["customer"][seen] * kinds + lines["category"][seen], minlength=customers * kinds
        ).reshape(customers, kinds)

    def clock(self, at: np.ndarray) -> np.ndarray:
        """Cumulative demand up to a time."""
        grid = np.arange(self.days + 1, dtype=float)
        summed = np.concatenate([[0.0], np.cumsum(self.demand(grid[:-1] + 0.5))])
        return np.interp(at, grid, summed)

    def demand(self, at: np.ndarray) -> np.ndarray:
        """The shop's season times trend at a time."""
        return model.demand(at, self.first_day_of_year, self.days)

    def ahead(self, horizon: int) -> np.ndarray:
        """For each day of the horizon, the demand less the share that is refunded, shape (horizon,)."""
        days = np.arange(horizon) + 0.5
        return self.demand(self.origin + days) * (1 - model.refunded_within(horizon - days))


def truth(made: Shop, horizon: int) -> np.ndarray:
    """Expected revenue (cents) of each customer over the horizon, given whether the customer has left."""
    return np.where(made.people.leaves > made.origin, _if_here(made, horizon), 0.0)


def by_parameters(made: Shop, horizon: int) -> np.ndarray:
    """Expected revenue given a customer's rates and history: the expected revenue of an active customer times the
    probability of being active."""
    rate, leave = made.people.order_rate, made.people.leave_rate
    wait = np.maximum(made.origin - made.last, 0.0)
    at = made.last[:, None] + wait[:, None] * (NODES + 0.5)
    quiet = rate[:, None] * (made.clock(at) - made.clock(made.last)[:, None])
    density = leave[:, None] * np.exp(-leave[:, None] * (at - made.last[:, None]) - quiet)
    left = wait * (density @ WEIGHTS)
    here = np.exp(-leave * wait - rate * (made.clock(np.array([float(made.origin)])) - made.clock(made.last)))
    return here / (here + left) * _if_here(made, horizon)


def by_population(made: Shop, horizon: int) -> np.ndarray:
    """Expected revenue given the distribution of rates and a customer's history, by integrals over the rates and the
    time of leaving."""
    x, wait = made.orders - 1, np.maximum(made.origin - made.last, 0.0)
    start, now = made.clock(made.people.arrival), made.clock(np.array([float(made.origin)]))[0]
    a, b = RATE
    c, d = LEAVING

    def log_rate(clock: np.ndarray, power: np.ndarray) -> np.ndarray:
        """The logarithm of the integral of rate ** power * exp(-rate * (clock - start)) over the distribution of
        rates."""
        return gammaln(a + power) - gammaln(a) + a * np.log(b) - (a + power) * np.log(b + clock)

    age = np.maximum(made.origin - made.people.arrival, 0.0)
    log_here = log_rate(np.maximum(now - start, 0), np.maximum(x, 0)) - c * np.log1p(age / d)
    at = made.last[:, None] + wait[:, None] * (NODES + 0.5)
    log_left = log_rate(made.clock(at) - start[:, None], x[:, None]) + np.log(c / d)
    log_left -= (c + 1) * np.log1p((at - made.people.arrival[:, None]) / d)
    left = wait * (np.exp(log_left - log_here[:, None]) @ WEIGHTS)
    rate = (a + x) / (b + now - start)
    days = np.arange(horizon) + 0.5
    stays = (1 + days / (d + age[:, None])) ** -c
    orders = rate * (stays @ made.ahead(horizon)) / (1 + left)
    lines = (LINES[0] + made.lines - made.orders) / (LINES[1] + made.orders)
    pieces = (PIECES[0] + made.pieces - made.lines) / (PIECES[1] + made.lines)
    odds = model.FAVOURITE_SHARE + (1 - model.FAVOURITE_SHARE) / len(model.CATEGORIES)
    other = (1 - model.FAVOURITE_SHARE) / len(model.CATEGORIES)
    logs = made.categories * np.log(odds / other)
    favourite = np.exp(logs - logs.max(axis=1, keepdims=True))
    per_category = model.prices().mean(axis=1)
    price = model.FAVOURITE_SHARE * (favourite @ per_category) / favourite.sum(axis=1)
    price += (1 - model.FAVOURITE_SHARE) * per_category.mean()
    return orders * price * (1 + lines) * (1 + pieces) * (1 - model.DISCOUNTED_SHARE * model.DISCOUNT)


def _if_here(made: Shop, horizon: int) -> np.ndarray:
    staying = np.exp(-made.people.leave_rate[:, None] * (np.arange(horizon) + 0.5))
    return made.people.order_rate * (staying @ made.ahead(horizon)) * model.expected_order_value(made.people)


def main() -> None:
    """Makes the shop, forecasts it, and prints the correlations."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.oracle", description=__doc__)
    parser.add_argument("--customers", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--horizon", type=int, default=90)
    arguments = parser.parse_args()
    days = shop.HISTORY_DAYS + arguments.horizon
    made = Shop(arguments.customers, arguments.seed, days, shop.HISTORY_DAYS)
    with tempfile.TemporaryDirectory() as folder, steps() as step, stack.database(settings.load(), step) as home:
        make(folder, arguments.customers, arguments.seed, UNTIL, days)
        origin = UNTIL - timedelta(days=arguments.horizon)
        wanted = run.Request(Path(folder) / "orders", "sample_shop", arguments.horizon, [origin])
        run.run(wanted, Path(folder) / "out", home, step, report.write)
        predictions = pd.read_parquet(Path(folder) / "out" / "predictions.parquet")
    number = predictions.customer_id.str.removeprefix("C").astype(int).to_numpy() - 1
    true, forecast = truth(made, arguments.horizon)[number] / 100, predictions.predicted_mean.fillna(0).to_numpy()
    for name, values in {
        "parameters": by_parameters(made, arguments.horizon)[number] / 100,
        "population": by_population(made, arguments.horizon)[number] / 100,
        "perennial": forecast,
        **{column: predictions[column].to_numpy() for column in predictions if column.endswith(".predicted_mean")},
    }.items():
        ratio = values.sum() / true.sum()
        print(
            f"{name:32s} correlation {np.corrcoef(true, values)[0, 1]:.4f}, of ranks "
            f"{pd.Series(values).corr(pd.Series(true), 'spearman'):.4f}, total over the truth {ratio:.3f}"
        )


if __name__ == "__main__":
    main()
