"""The reasons of one customer, one decision at a time: what the vectorised `spark_jobs.explain.reasons` must agree
with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from spark_jobs.explain.claims import ALIKE, ALIKE_IN_LOGS, ALL, FIRST, ORDERING, QUIET
from spark_jobs.explain.reasons import LEAST, LONGEST_SEASON, NAMES, REASONS
from spark_jobs.features.columns import YEAR, Array


@dataclass(frozen=True)
class Customer:
    """The figures that sentences use, of the customer and of the average customer, by the names of FIGURES; NaN if
    missing. rule: the reason of another published forecaster, in words."""

    own: dict[str, float]
    average: dict[str, float]
    horizon_days: int
    rule: str | None = None

    def number(self, name: str) -> float:
        """Returns a figure of the customer; 0 if it is missing."""
        return float(np.nan_to_num(self.own[name]))

    def above(self, name: str) -> int:
        """Returns 1 if the figure is above the average customer's, -1 if it is below, and 0 if they are alike or one is
        missing."""
        apart = self.apart(name)
        return 0 if np.isnan(apart) or abs(apart) <= ALIKE.get(name, ALIKE_IN_LOGS) else int(np.sign(apart))

    def apart(self, name: str) -> float:
        """Returns the log of 1 + a figure, minus that of the average customer; NaN if one is missing."""
        return float(np.log1p(self.own[name]) - np.log1p(self.average[name]))

    @property
    def rhythm_known(self) -> bool:
        """Whether the customer has a rhythm, which takes at least three purchase days."""
        return self.number("orders") >= 3

    @property
    def gaps_silent(self) -> float:
        """The silence since the last order, in expected gaps of the customer."""
        return self.number("silence") / max(self.number("gap"), 1.0)


def reasons_of(effects: Array, customer: Customer, sign: int) -> list[dict]:
    """Returns up to REASONS reasons of one customer, strongest first: {"group", "reason", "effect"}.

    effects: one per name in NAMES and, last, the part that belongs to no group, shape (len(NAMES) + 1,), in the unit of
    the result. sign: 1 if a good sign raises the outcome, -1 if it lowers it.
    """
    grouped = _grouped(dict(zip([*NAMES, ALL], (float(effect) for effect in effects), strict=True)), customer, sign)
    rounded = {name: round(effect, 2) for name, effect in grouped.items()}
    least = LEAST * max((abs(effect) for effect in grouped.values()), default=0)
    reasons_of = [name for name, effect in rounded.items() if effect and abs(effect) >= least]
    strongest = sorted(reasons_of, key=lambda name: -abs(grouped[name]))[:REASONS]
    return [
        {"group": name, "reason": WORDS[name](customer, int(np.sign(sign * rounded[name]))), "effect": rounded[name]}
        for name in strongest
    ]


def _grouped(found: dict[str, float], customer: Customer, sign: int) -> dict[str, float]:
    """Returns the effects by group. Merges each group whose claim contradicts its effect with the group it belongs
    to."""

    def contrary(name: str) -> bool:
        return CLAIMS[name](customer) * sign * found[name] < 0

    def join(names: list[str], into: str) -> None:
        found[into] = found.get(into, 0.0) + sum(found.pop(name) for name in names)

    seasonal = customer.number("age") >= YEAR and customer.horizon_days <= LONGEST_SEASON
    if not seasonal or contrary("season"):
        join(["season"], "rhythm")
    for name, figure in {"variety": "products", "returns": "returned", "discounts": "discount"}.items():
        if not customer.above(figure) or contrary(name):
            join([name], "spend")
    if customer.number("orders") < 2:
        join(["rhythm", "recency"], FIRST)
    elif contrary("rhythm") or contrary("recency"):
        join(["rhythm", "recency"], ORDERING)
    ordering = [name for name in ("rhythm", "recency", FIRST, ORDERING) if name in found]
    if contrary("spend") and abs(found["spend"]) < max(abs(found[name]) for name in ordering):
        del found["spend"]  # too small to be worth merging everything into one reason
    against = [name for name in (FIRST, ORDERING, "spend") if name in found and contrary(name)]
    apart = dict(found)
    if found[ALL] or against:
        join([name for name in (*ordering, "spend") if name in found], ALL)
    if contrary(ALL):
        found = {name: effect for name, effect in apart.items() if name not in against}
    if not found[ALL]:
        del found[ALL]
    return found


def _claim(*signs: int) -> int:
    """Returns the common sign of several claims; 0 if they contradict each other."""
    return max(signs) if min(signs) >= 0 else min(signs) if max(signs) <= 0 else 0


def _rhythm(c: Customer) -> list[int]:
    return [c.above("orders"), *([-c.above("gap")] if c.rhythm_known else [])]


def _recency(c: Customer) -> int:
    if not c.rhythm_known:
        return -c.above("silence")
    return -1 if c.gaps_silent > QUIET else int(c.gaps_silent <= 1)


def _ordering(c: Customer) -> list[int]:
    """Returns the signs of rhythm and recency together. For a customer whose silence is within the usual gaps, a
    silence longer than the average customer's does not count against them."""
    on_time = c.rhythm_known and c.gaps_silent <= QUIET
    return [*_rhythm(c), max(-c.above("silence"), 0) if on_time else _recency(c)]


# The sign of each reason's claim: 1 if common sense expects it to raise the customer's value, -1 if to lower it, 0 if
# neither.
CLAIMS = {
    "rhythm": lambda c: _claim(*_rhythm(c)),
    "recency": _recency,
    FIRST: lambda c: _claim(*_ordering(c)),
    ORDERING: lambda c: _claim(*_ordering(c)),
    "spend": lambda c: c.above("value"),
    "season": lambda c: 1 if c.number("last_year") else -1,
    "variety": lambda c: c.above("products"),
    "returns": lambda c: -c.above("returned"),
    "discounts": lambda c: 0,  # noqa: ARG005
    ALL: lambda c: 0 if c.rule else _claim(*_ordering(c), c.above("value")),
}


def _count(number: float, one: str) -> str:
    number = round(number)
    return f"{number:,} {one if number == 1 else one + 's'}"


def _ago(c: Customer) -> str:
    return f"{_count(c.number('silence'), 'day')} ago"


def _ordered(c: Customer) -> str:
    days = round(c.number("orders"))
    if days == 1:
        return "ordered on one day so far"
    often = f", usually every {_count(c.number('gap'), 'day')}" if c.rhythm_known else ""
    return f"ordered on {days:,} days{often}"


def _how_often(c: Customer) -> str:
    than = {1: ", more often than the average customer", -1: ", less often than the average customer", 0: ""}
    return _ordered(c) + than[_claim(*_rhythm(c))]


def _quiet(c: Customer) -> str:
    if not c.rhythm_known:
        return f"last order {_ago(c)}"
    usual = _count(c.number("gap"), "day")
    if c.gaps_silent > QUIET:
        return f"quiet for {_count(c.number('silence'), 'day')}, usually orders every {usual}"
    return f"last order {_ago(c)}, usually every {usual}"


def _in_all(c: Customer) -> str:
    last = "" if c.number("orders") < 2 else "the last one "
    return f"{_ordered(c)}, {last}{_ago(c)}"


def _spend(c: Customer, helps: int) -> str:
    """Describes the order value. Compares it with the average customer's only if the difference has the sign of the
    effect; a small difference may have the other sign, because the effect includes smaller groups merged into this
    one."""
    order = f"average order of {c.number('value'):,.2f}"
    apart = c.apart("value")
    if np.isnan(apart) or helps * apart <= 0:
        return order
    little = "" if c.above("value") else "a little "
    return f"{order}, {little}{'above' if helps > 0 else 'below'} the average customer's"


def _than(c: Customer, name: str) -> str:
    return f"{'more' if c.above(name) > 0 else 'less'} than the average customer"


def _share(c: Customer, name: str, none: str, some: str) -> str:
    share = c.number(name)
    if share < 0.005:
        return none
    return f"{f'{share:.0%}' if share < 1 else 'all'} {some}, {_than(c, name)}"


# The words of a reason. Arguments: the customer, and 1 if the effect is good for the customer's value, -1 if bad.
WORDS: dict[str, Callable[[Customer, int], str]] = {
    "rhythm": lambda c, _: _how_often(c),
    "recency": lambda c, _: _quiet(c),
    FIRST: lambda c, _: _in_all(c),
    ORDERING: lambda c, _: _in_all(c),
    "spend": _spend,
    "season": lambda c, _: f"{_count(c.number('last_year'), 'order')} in the same 90 days a year earlier",
    "variety": lambda c, _: f"{_count(c.number('products'), 'different product')} bought, {_than(c, 'products')}",
    "returns": lambda c, _: _share(c, "returned", "nothing refunded", "of spend refunded"),
    "discounts": lambda c, _: _share(c, "discount", "bought without discounts", "off the price on average"),
    ALL: lambda c, _: c.rule or f"{_in_all(c)}, average order of {c.number('value'):,.2f}",
}
