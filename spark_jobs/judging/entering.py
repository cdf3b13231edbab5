"""Decides which forecasters enter a training as contestants where the shop's setting `contestants` is auto.

The minutes that the setting allows are minutes of declared costs, not of a clock: the same data then have the same
contestants on any machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from clv.core.declared import OURS
from clv.core.options import AUTO, Contestants
from spark_jobs.models import registry

PRICED = 10_000  # examples of the fit that a forecaster's COST is about; a smaller fit counts as one of so many


@dataclass(frozen=True)
class Entered:
    """The contestants of a training by name, in their order, and for those left out for time, the minutes that all
    their fits would take."""

    contestants: list[str]
    left_out: dict[str, float] = field(default_factory=dict)


def entered(contestants: Contestants, minutes: float, examples: Sequence[int]) -> Entered:
    """Returns the contestants: those that the shop names, or with auto the blend and then the cheapest forecasters, as
    long as the sum of their minutes is within the allowed ones.

    minutes: of one core, by declared costs. examples: their number in each fit of a contestant.
    """
    names = registry.listed(contestants)
    if contestants != AUTO:
        return Entered(names)
    fits = sum(max(1.0, number / PRICED) for number in examples)
    within, left_out, spent = [OURS], {}, 0.0
    for name in names[1:]:
        needed = registry.cost(name) * fits / 60
        spent += needed
        if spent <= minutes:
            within.append(name)
        else:
            left_out[name] = round(needed, 2)
    return Entered(within, left_out)
