"""Explains a customer's forecast by up to three reasons in words, each with its effect.

Related drivers form one reason, which is stated with the customer's own figures. A sentence makes a claim, e.g. that
the customer orders often, has been silent for long, or spends much. The model weighs many features at once, so a claim
may point against the effect, and the reason would contradict common sense. Its effect is then merged with that of the
group it belongs to, whose sentence names both figures, and in the end with everything that the customer did. A claim
that still contradicts the effect is left out. The same sentences serve value and risk, because a good sign raises the
one and lowers the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from json.encoder import encode_basestring_ascii
from operator import add

import numpy as np

from clv.core.declared import OURS
from spark_jobs.ensemble.forecast import Model
from spark_jobs.ensemble.parts import Parts, Trained
from spark_jobs.explain import wording
from spark_jobs.explain.claims import ALL, CLAIMS, FIRST, ORDERING, Compared
from spark_jobs.features.columns import YEAR, Array, Columns
from spark_jobs.models import registry
from spark_jobs.models.forecaster import Customers

REASONS = 3  # largest number of reasons per customer
LEAST = 0.02  # share of the strongest effect below which an effect is not named
GROUPS = {  # the group of reasons that each driver belongs to
    "frequency": "rhythm", "rhythm": "rhythm",
    "recency": "recency", "recent_orders": "recency", "recent_spend": "recency",
    "order_value": "spend", "last_year": "season", "variety": "variety", "refunds": "returns", "discounts": "discounts",
}  # fmt: skip
NAMES = list(dict.fromkeys(GROUPS.values()))
ORDER = [*NAMES, ALL, FIRST, ORDERING]  # of reasons with equal effects
FIGURES = {  # the figures that sentences use, each with its column
    "orders": "days_with_orders", "gap": "expected_gap_days", "silence": "days_since_last_order",
    "value": "average_order_value", "products": "distinct_products", "returned": "refund_share",
    "discount": "discount_share", "last_year": "orders_prior_year_90", "age": "t",
}  # fmt: skip
LONGEST_SEASON = 180  # days; for longer windows a customer's seasonality says nothing


def figures(columns: Columns) -> Array:
    """Returns the FIGURES of customers, none negative, shape (n, len(FIGURES)), with NaN for missing values."""
    return np.column_stack([np.maximum(columns[name], 0) for name in FIGURES.values()]).astype(float)


def rule(model: Model, columns: Columns, horizon_days: int, parts: Parts) -> list[str] | None:
    """Returns each customer's reason in the words of the published forecaster. Returns None if the blend is published,
    whose drivers explain the forecast. parts: the customers' parts of the horizon's window."""
    base = model.base(horizon_days) or horizon_days
    trained = model.trained.get(base, Trained())
    if trained.published == OURS:
        return None
    customers = Customers(columns, base, parts.by_anchor)
    with registry.contestant(trained.published):
        fitted = registry.read(trained.published, trained.fitted.get(trained.published, {}))
        return registry.explain(trained.published, fitted, customers)


def reasons_of(effects: Array, customers: Compared, sign: int) -> tuple[list[str], Array]:
    """Returns the reasons of each customer as JSON, up to REASONS, strongest first, {"group", "reason", "effect"}, and
    the sum of their effects.

    effects: of each customer, one per name in NAMES and, last, the part that belongs to no group, shape (n, len(NAMES)
    + 1), in the unit of the result. sign: 1 if a good sign raises the outcome, -1 if it lowers it.
    """
    n = len(effects)
    found = _grouped(dict(zip([*NAMES, ALL], effects.T, strict=True)), customers, sign)
    exact = np.column_stack([found[name] for name in ORDER])  # NaN where a group is merged into another
    size = np.abs(exact)
    rounded = _rounded(exact)
    least = LEAST * np.nan_to_num(size).max(axis=1)
    named = (rounded != 0) & (np.abs(rounded) >= least[:, None])
    strongest = np.argsort(np.where(named, -size, np.inf), axis=1, kind="stable")[:, :REASONS]
    texts, effect_named, end = np.full((n, REASONS), "", object), np.zeros((n, REASONS)), cache("{!r}}}".format)
    for place, group in enumerate(ORDER):
        rows, slots = np.nonzero((strongest == place) & named[:, place, None])
        if len(rows):
            effect = effect_named[rows, slots] = rounded[rows, place]
            words = wording.words(group, customers.of(rows), np.sign(sign * effect).astype(int))
            texts[rows, slots] = list(map(add, map(cache(_start_of(group)), words), map(end, effect.tolist())))
    return [f"[{', '.join(filter(None, each))}]" for each in texts.tolist()], effect_named.sum(axis=1)


def _start_of(group: str) -> Callable[[str], str]:
    """Returns the function that writes a reason's JSON up to its effect."""
    return lambda words: f'{{"group": "{group}", "reason": {encode_basestring_ascii(words)}, "effect": '


def _rounded(effects: Array) -> Array:
    """Rounds to two decimals exactly as `round` does. numpy multiplies by 100 first, so it errs close to halves and for
    huge numbers; these are rounded one by one."""
    found, hundredths = np.round(effects, 2), np.abs(effects) * 100
    halves = np.abs(hundredths - np.floor(hundredths) - 0.5) < 1e-6
    for place in zip(*np.nonzero(halves | (hundredths > 1e9)), strict=True):
        found[place] = round(float(effects[place]), 2)
    return found


def _grouped(found: dict[str, Array], customers: Compared, sign: int) -> dict[str, Array]:
    """Returns the effects by group, NaN where there is none. Merges each group whose claim contradicts its effect with
    the group it belongs to."""
    claims = {name: sign * claim(customers) for name, claim in CLAIMS.items()}
    missing = np.full(len(customers.own["orders"]), np.nan)
    found = {name: found.get(name, missing).copy() for name in ORDER}

    def contrary(name: str) -> Array:
        return claims[name] * found[name] < 0

    def join(names: list[str], into: str, where: Array) -> None:
        joined = sum(np.nan_to_num(found[name]) for name in names)
        found[into] = np.where(where, np.nan_to_num(found[into]) + joined, found[into])
        drop(names, where)

    def drop(names: Iterable[str], where: Array) -> None:
        for name in names:
            found[name] = np.where(where, np.nan, found[name])

    seasonal = (customers.number("age") >= YEAR) & (customers.horizon_days <= LONGEST_SEASON)
    join(["season"], "rhythm", ~seasonal | contrary("season"))
    for name, figure in {"variety": "products", "returns": "returned", "discounts": "discount"}.items():
        join([name], "spend", (customers.above(figure) == 0) | contrary(name))
    once = customers.number("orders") < 2
    join(["rhythm", "recency"], FIRST, once)
    join(["rhythm", "recency"], ORDERING, ~once & (contrary("rhythm") | contrary("recency")))
    ordering = ["rhythm", "recency", FIRST, ORDERING]
    largest = np.max([np.abs(np.nan_to_num(found[name])) for name in ordering], axis=0)
    drop(["spend"], contrary("spend") & (np.abs(found["spend"]) < largest))  # too small to merge everything into one
    against = {name: contrary(name) for name in (FIRST, ORDERING, "spend")}
    apart = dict(found)
    join([*ordering, "spend"], ALL, (found[ALL] != 0) | np.any(list(against.values()), axis=0))
    undone = contrary(ALL)
    for name in ORDER:
        kept = np.where(against[name], np.nan, apart[name]) if name in against else apart[name]
        found[name] = np.where(undone, kept, found[name])
    drop([ALL], found[ALL] == 0)
    return found
