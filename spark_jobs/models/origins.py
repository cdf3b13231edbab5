"""Fits the anchor at each origin of a training, and adds up what happened in the windows that have closed since.

Customers are counted by their history, so the time of a fit depends on the number of distinct histories rather than of
customers. Each fit starts from that of a neighbouring origin (see `levels`); which one depends on the dates alone, so
the fits are the same however many run at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from spark_jobs.features import customer_days, outcomes
from spark_jobs.features.customer_days import CustomerDays
from spark_jobs.io.parallel import Each
from spark_jobs.models import anchor
from spark_jobs.models.anchor import OriginFit
from spark_jobs.models.learning import Origin, Total

Level = list[tuple[date, date | None]]


class Wanted(NamedTuple):
    """An origin to fit, the lengths (days) of its windows that have closed, and a fit to start from."""

    day: date
    closed: list[int]
    start: OriginFit | None


def fit(origins: Iterable[date], windows: Iterable[int], by: date, each: Each) -> dict[date, Origin]:
    """Fits the anchor at each origin, and computes the totals of those windows that had closed by a date. Origins
    before the first purchase day are left out.

    each: runs a function for many items, which share the CustomerDays before the date (see `spark_jobs.io.parallel`).
    """
    windows, found = sorted(windows), dict[date, Origin]()
    for level in levels(sorted(origins)):
        items = [
            Wanted(
                day,
                [window for window in windows if outcomes.end(day, window) <= by],
                found[parent].fit if parent and parent in found else None,
            )
            for day, parent in level
        ]
        found |= {item.day: one for item, one in zip(items, each(fit_one, items), strict=True) if one}
    return dict(sorted(found.items()))


def fit_one(days: CustomerDays, wanted: Wanted) -> Origin | None:
    """Fits the anchor at one origin, and computes the totals of its closed windows. Returns None if nobody had bought
    before it."""
    columns, known = customer_days.histories(days, wanted.day)
    if not known.any():
        return None
    groups = anchor.grouped(columns)
    found = anchor.fit_groups(groups, columns, wanted.start)
    totals = {}
    for window, by_anchor in anchor.over(found, groups.columns, wanted.closed).items():
        bought, spent = (one[known] for one in customer_days.outcomes(days, wanted.day, window))
        totals[window] = Total(
            float(spent.sum()), float((groups.customers * by_anchor.revenue).sum()),
            int(bought.sum()), float((groups.customers * by_anchor.p_purchase).sum()), float(spent.max()),
        )  # fmt: skip
    return Origin(found, totals)


def levels(days: Sequence[date]) -> list[Level]:
    """Returns the days level by level of a binary tree, each with the day whose fit it starts from: the middle day
    first, then the middle of each half, which starts from it, and so on."""
    found: list[Level] = []
    parts: list[tuple[Sequence[date], date | None]] = [(days, None)]
    while parts := [(part, parent) for part, parent in parts if part]:
        found.append([(part[len(part) // 2], parent) for part, parent in parts])
        parts = [
            (half, part[len(part) // 2])
            for part, _ in parts
            for half in (part[: len(part) // 2], part[len(part) // 2 + 1 :])
        ]
    return found
