"""Plans and read-outs in sentences."""

from __future__ import annotations

from collections.abc import Iterable

from clv.decisions.experiments.definitions import Definition
from clv.decisions.experiments.metrics import OUTCOMES
from clv.decisions.experiments.planning import Plan, Window


def of_plan(name: str, definition: Definition, plan: Plan) -> list[str]:
    """A plan in lines. The last ones say whether the experiment can see the effect of its definition."""
    arms = ", ".join(f"{arm} {customers:,}" for arm, customers in plan.by_arm.items())
    contact = " who may be contacted" if definition.contact else ""
    words = OUTCOMES[definition.outcome].words
    lines = [
        f"{name}: {plan.customers:,} customers on {plan.day}{contact} ({arms})",
        f"outcome: {words} within {definition.window_days} days of the start, by customer",
    ]
    if not plan.customers:
        return [*lines, "The population selects nobody; change `population`, or load consent (docs/sources.md)."]
    if not plan.windows:
        day = "" if plan.past_day is None else f" on {plan.past_day}"
        return [
            *lines,
            f"There are no past outcomes{day} to plan with: publish a date that lies at least {definition.window_days} "
            f"days before {plan.day}, with `clv run --as-of DATE`.",
        ]
    own = next(one for one in plan.windows if one.days == definition.window_days)
    effect = f"{definition.effect_percent:g} %"
    lines.append(f"variance: that of the {plan.past_customers:,} customers who were selected on {plan.past_day}")
    if not own.mean:
        return [*lines, f"Nobody of them had any {words} within {own.days} days; choose a longer `window_days`."]
    seen = f"In {own.days} days the smallest effect it sees is {100 * own.smallest_effect / own.mean:.0f} % of the mean"
    if plan.days_needed is not None and plan.days_needed <= own.days:
        return [*lines, f"{seen}: enough for {effect}, for which {plan.days_needed} days are needed."]
    longer = f", or {plan.days_needed} days" if plan.days_needed else ""
    return [*lines, f"{seen}: too much for {effect}, which needs {own.customers_needed:,} customers{longer}."]


def windows(found: Iterable[Window], style: str) -> list[Window]:
    """The rows of a plan's table; rounded where people read them."""
    if style != "table":
        return list(found)
    return [one._replace(**{name: round(getattr(one, name), 2) for name in _ROUNDED}) for one in found]


_ROUNDED = ("mean", "deviation", "deviation_left", "smallest_effect")
