"""The words of reasons, stated with customers' own figures. Equal figures share one text, which is written once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from spark_jobs.explain.claims import ALL, CLAIMS, FIRST, ORDERING, QUIET, Compared
from spark_jobs.features.columns import Array

LEAST_SHARE = 0.005  # a smaller share is not stated


def words(group: str, customers: Compared, helps: Array) -> list[str]:
    """Returns the words of one group's reason for each customer. helps: 1 where the effect is good for the customer's
    value, -1 where it is bad."""
    return WORDS[group](customers, helps)


def _each(text: Callable[..., str], *figures: Array) -> list[str]:
    """Returns the text of each customer's figures; it is written once for equal figures."""
    return list(map(cache(text), *(array.tolist() for array in figures)))


@cache
def _count(number: int, one: str) -> str:
    return f"{number:,} {one if number == 1 else one + 's'}"


def _ordered(days: int, rhythm_known: bool, gap: int) -> str:
    if days == 1:
        return "ordered on one day so far"
    often = f", usually every {_count(gap, 'day')}" if rhythm_known else ""
    return f"ordered on {days:,} days{often}"


def _how_often(days: int, rhythm_known: bool, gap: int, claim: int) -> str:
    than = {1: ", more often than the average customer", -1: ", less often than the average customer", 0: ""}
    return _ordered(days, rhythm_known, gap) + than[claim]


def _quiet(rhythm_known: bool, is_quiet: bool, silence: int, gap: int) -> str:
    ago, usual = f"{_count(silence, 'day')} ago", _count(gap, "day")
    if not rhythm_known:
        return f"last order {ago}"
    if is_quiet:
        return f"quiet for {_count(silence, 'day')}, usually orders every {usual}"
    return f"last order {ago}, usually every {usual}"


def _in_all(days: int, rhythm_known: bool, gap: int, silence: int, once: bool) -> str:
    last = "" if once else "the last one "
    return f"{_ordered(days, rhythm_known, gap)}, {last}{_count(silence, 'day')} ago"


def _spend(value: float, helps: int, apart: float, above: int) -> str:
    """Describes the order value. Compares it with the average customer's only if the difference has the sign of the
    effect; a small difference may have the other sign, because the effect includes smaller groups merged into this
    one."""
    order = f"average order of {value:,.2f}"
    if np.isnan(apart) or helps * apart <= 0:
        return order
    return f"{order}, {'' if above else 'a little '}{'above' if helps > 0 else 'below'} the average customer's"


def _variety(products: int, above: int) -> str:
    return f"{_count(products, 'different product')} bought, {_than(above)}"


def _share(none: str, some: str) -> Callable[[float, int], str]:
    def text(share: float, above: int) -> str:
        return none if share < LEAST_SHARE else f"{f'{share:.0%}' if share < 1 else 'all'} {some}, {_than(above)}"

    return text


def _than(above: int) -> str:
    return f"{'more' if above > 0 else 'less'} than the average customer"


def _rhythm_of(c: Compared) -> tuple[Array, Array, Array]:
    return c.rounded("orders"), c.rhythm_known, c.rounded("gap")


def _everything(c: Compared) -> list[str]:
    return _each(_in_all, *_rhythm_of(c), c.rounded("silence"), c.number("orders") < 2)


def _whole(c: Compared) -> list[str]:
    values = zip(_everything(c), c.number("value").tolist(), strict=True)
    texts = [f"{text}, average order of {value:,.2f}" for text, value in values]
    return texts if c.rules is None else [rule or text for rule, text in zip(c.rules, texts, strict=True)]


WORDS: dict[str, Callable[[Compared, Array], list[str]]] = {
    "rhythm": lambda c, _: _each(_how_often, *_rhythm_of(c), CLAIMS["rhythm"](c)),
    "recency": lambda c, _: _each(
        _quiet, c.rhythm_known, c.gaps_silent > QUIET, c.rounded("silence"), c.rounded("gap")
    ),
    FIRST: lambda c, _: _everything(c),
    ORDERING: lambda c, _: _everything(c),
    "spend": lambda c, helps: _each(_spend, c.number("value"), helps, c.apart("value"), c.above("value")),
    "season": lambda c, _: _each(
        lambda orders: f"{_count(orders, 'order')} in the same 90 days a year earlier", c.rounded("last_year")
    ),
    "variety": lambda c, _: _each(_variety, c.rounded("products"), c.above("products")),
    "returns": lambda c, _: _each(
        _share("nothing refunded", "of spend refunded"), c.number("returned"), c.above("returned")
    ),
    "discounts": lambda c, _: _each(
        _share("bought without discounts", "off the price on average"), c.number("discount"), c.above("discount")
    ),
    ALL: lambda c, _: _whole(c),
}
