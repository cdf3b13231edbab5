"""`clv experiment plan`: what an experiment can see, from the shop's own customers and their past outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from itertools import accumulate
from typing import NamedTuple

from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.decisions.experiments import differences, population, power
from clv.decisions.experiments.definitions import Definition
from clv.decisions.experiments.differences import Moments

WINDOWS = (7, 14, 28, 56, 91, 182, 364)  # days that a plan compares with the window of the definition


class Window(NamedTuple):
    """What an experiment sees within so many days: mean and standard deviation of past outcomes, the standard deviation
    that value bands and forecast leave, the smallest effect, and the customers needed for the effect of the definition
    (None: the mean is not above 0)."""

    days: int
    mean: float
    deviation: float
    deviation_left: float
    smallest_effect: float
    customers_needed: int | None


class Plan(NamedTuple):
    """The plan of an experiment. by_arm: customers expected in each arm. past_day: the date whose population's outcomes
    tell the variance, None if no published date lies a window back. days_needed: None if no window suffices."""

    day: date
    customers: int
    by_arm: dict[str, int]
    past_day: date | None
    past_customers: int
    windows: list[Window]
    days_needed: int | None


def plan(name: str, definition: Definition, home: Settings, seconds: int = population.TIMEOUT) -> Plan:
    """Plans an experiment that begins at the newest published date. seconds: that each query may take. Raises ClvError
    if nothing is published, or if a query takes longer."""
    day = population.newest_date(home)
    if day is None:
        raise ClvError("nothing is published yet; run `clv run --as-of DATE`")
    count = population.number(name, definition, day, home, seconds)
    by_arm = divided(count, definition.arms)
    past_day = population.newest_date(home, day - timedelta(days=definition.window_days))
    if past_day is None:
        return Plan(day, count, by_arm, None, 0, [], None)
    closed = (day - past_day).days
    windows = sorted({definition.window_days, *(days for days in WINDOWS if days <= closed)})
    outcomes = population.past(name, definition, past_day, windows, home, seconds)
    whole = {days: differences.pooled(list(bands.values())) for days, bands in outcomes.items()}
    left = {days: unexplained(list(bands.values())) for days, bands in outcomes.items()}
    weakest = min(definition.treated, key=lambda arm: definition.arms[arm])
    shares = definition.shares(weakest)
    seen = [
        window(days, whole[days], left[days], count, shares, definition.effect_percent / 100, definition.alpha)
        for days in sorted(outcomes)
    ]
    enough = power.days_needed(left, definition.effect_percent / 100, shares, count, definition.alpha)
    customers = whole[definition.window_days].customers if whole else 0
    return Plan(day, count, by_arm, past_day, customers, seen, enough)


def divided(count: int, shares: Mapping[str, float]) -> dict[str, int]:
    """How many of so many customers each arm gets; they add up to the count. shares: in percent, adding up to 100."""
    ends = [round(count * total / 100) for total in accumulate(shares.values())]
    return {arm: end - start for arm, start, end in zip(shares, [0, *ends], ends, strict=False)}


def unexplained(bands: list[Moments]) -> Moments:
    """The moments of outcomes less what value band and forecast explain of them, as a read-out compares them."""
    within = differences.within_bands([[one] for one in bands])[0]
    return differences.adjusted(within, within)[0]


def window(
    days: int, past: Moments, left: Moments, customers: int, shares: tuple[float, float], effect: float, alpha: float
) -> Window:
    """What an experiment on so many customers sees within some days. effect: the share of the mean to be found."""
    return Window(
        days,
        past.mean,
        past.variance**0.5,
        left.variance**0.5,
        power.smallest_effect(customers, left.variance, shares, alpha),
        power.sample_size(effect * past.mean, left.variance, shares, alpha),
    )
