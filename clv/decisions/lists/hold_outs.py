"""What a list has earned: those to act on compared with those held out, from moments of both.

A customer counts from the first exported date on which the list has them, in the arm that the list then had them in,
whether they were reached or not, and for WINDOW_DAYS days. Later dates of the same customer do not count, because
whether somebody is still on a list may follow from having been contacted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from scipy import stats

from clv.decisions.experiments import differences, power
from clv.decisions.experiments.differences import Difference, Moments

ACT, HELD_OUT = "act", "hold out"
METRICS = ("profit", "revenue", "orders")  # of clv.decisions.experiments.metrics; what people see first comes first
WINDOW_DAYS = 30  # from the day on which a customer came on the list
LEAST = 30  # customers in either arm, for anything to be said
BORROWED = 200  # customers whose variance an arm borrows from both arms together
PLANNED = 1000  # customers at whom the interval for daily looks is narrowest, compared with one that is read once
WORTH_FINDING = 0.1  # of the mean of those held out: a change that is worth finding
MOST_NEEDED = 10**12  # customers: more than anybody has, so nothing is said beyond

NEVER, WAITING, NOBODY, NO_HOLD_OUT, TOO_FEW, MISMATCH, NOT_SHOWN, EARNED, LOST = (
    "never exported", "waiting", "nobody contacted", "no hold-out", "too few", "mismatch", "not shown", "earned", "lost"
)  # fmt: skip

# By share of customers held out and by value band, the moments of each arm.
Shares = Mapping[float, Mapping[str, Mapping[str, Moments]]]


class Acted(NamedTuple):
    """What is known of a list without outcomes.

    first_on: the first exported date. entered: customers in both arms who came on the list on an exported date. drawn:
    those of them who could have been held out. waiting_since: when the first of these came who is still a customer.
    contacted, contacts: of drawn customers to act on whose window is over, those who went out, and how often. reached:
    of those held out, how many went out nevertheless. cost_per_contact: in currency. profit_basis: what profit rests on
    (customer_clv.profit_basis).
    """

    list_name: str
    title: str
    currency: str
    cost_per_contact: float = 0.0
    first_on: date | None = None
    entered: int = 0
    drawn: int = 0
    waiting_since: date | None = None
    contacted: int = 0
    contacts: int = 0
    reached: int = 0
    profit_basis: str = ""


class Earning(NamedTuple):
    """A read-out of a list by one metric. customers, held_out: of either arm, those whose window is over. mean,
    held_out_mean: per customer. difference: that of the arms, None if they cannot be compared. always_valid: its bounds
    that may be looked at daily. smallest_effect: the difference that four of five such lists would show."""

    metric: str
    state: str
    customers: int
    held_out: int
    sample_ratio_p: float | None = None
    mean: float | None = None
    held_out_mean: float | None = None
    difference: Difference | None = None
    always_valid: tuple[float, float] | None = None
    smallest_effect: float | None = None
    customers_needed: int | None = None


def judged(acted: Acted, metric: str, shares: Shares) -> Earning:
    """The read-out of the customers of a list who were drawn and whose window is over."""
    arms = customers, held_out = _count(shares, ACT), _count(shares, HELD_OUT)
    ratio = _ratio_p(shares)
    if state := _why_not(acted, arms, ratio):
        return Earning(metric, state, *arms, ratio)
    means = [float(_together(shares, arm).mean) for arm in (ACT, HELD_OUT)]
    shown = Earning(metric, NOT_SHOWN, customers, held_out, ratio, means[0], means[1])
    found = differences.difference(*moderated(*compared(shares)))
    low, high = differences.always_valid(found, (customers + held_out) / PLANNED)
    if not math.isfinite(low + high):  # nobody brings anything
        return shown
    smallest = float((high - low) / 2 + stats.norm.ppf(power.POWER) * found.standard_error)
    worth = WORTH_FINDING * means[1]
    needed = (customers + held_out) * (smallest / worth) ** 2 if worth > 0 else math.inf
    return shown._replace(
        state=EARNED if low > 0 else LOST if high < 0 else NOT_SHOWN,
        difference=found,
        always_valid=(float(low), float(high)),
        smallest_effect=smallest,
        customers_needed=math.ceil(needed) if needed <= MOST_NEEDED else None,
    )


def compared(shares: Shares) -> tuple[Moments, Moments]:
    """Those to act on and those held out, within value bands and shares of the draw, and less what the forecast
    explains (CUPED). Shares are kept apart because an arm has customers of different dates if the share changed."""
    groups = []
    for bands in shares.values():
        pairs = [[_arm(arms, arm) for arm in (ACT, HELD_OUT)] for arms in bands.values()]
        groups.append(differences.within_bands(pairs))
    usable = [group for group in groups if min(one.customers for one in group) >= 2]
    return differences.adjusted(*differences.within_bands(usable or groups))


def moderated(act: Moments, held: Moments) -> tuple[Moments, Moments]:
    """Both arms with variances that borrow from both together, as if BORROWED more customers had been seen with that
    variance. In a hold-out of a hundred customers most bring nothing; where by chance few buy, mean and variance are
    both too low, and the list seems to have earned what it has not.

    Source: Smyth 2004, "Linear models and empirical Bayes methods for assessing differential expression", Statistical
    Applications in Genetics and Molecular Biology 3, equation 5: the weighted mean of an own and a shared variance.
    """
    freedom = [one.customers - 1 for one in (act, held)]
    shared = sum(one.variance * free for one, free in zip((act, held), freedom, strict=True)) / sum(freedom)

    def moderate(one: Moments) -> Moments:
        own = one.customers
        return one._replace(variance=(own * one.variance + BORROWED * shared) / (own + BORROWED))

    return moderate(act), moderate(held)


def _why_not(acted: Acted, arms: tuple[int, int], ratio: float) -> str | None:
    """Why nothing can be compared; None if it can. arms: the customers to act on, and those held out."""
    if not acted.entered:
        return NEVER
    if not acted.drawn:
        return NO_HOLD_OUT
    if not sum(arms):
        return WAITING
    if not acted.contacts:
        return NOBODY
    if ratio < differences.LEAST_RATIO_P:
        return MISMATCH
    return TOO_FEW if min(arms) < LEAST else None


def _ratio_p(shares: Shares) -> float:
    """The probability that chance alone divides customers as unlike the shares of the draw."""
    expected = sum(
        share * (_count({share: bands}, ACT) + _count({share: bands}, HELD_OUT)) for share, bands in shares.items()
    )
    arms = _count(shares, ACT), _count(shares, HELD_OUT)
    return differences.sample_ratio_p(arms, [sum(arms) - expected, expected]) if sum(arms) else 1.0


def _count(shares: Shares, arm: str) -> int:
    return sum(int(_arm(arms, arm).customers) for bands in shares.values() for arms in bands.values())


def _together(shares: Shares, arm: str) -> Moments:
    return differences.pooled([_arm(arms, arm) for bands in shares.values() for arms in bands.values()])


def _arm(arms: Mapping[str, Moments], arm: str) -> Moments:
    return arms.get(arm, Moments(0, 0.0, 0.0))
