"""Plans and read-outs in sentences."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import timedelta

from clv.decisions.experiments.definitions import Definition
from clv.decisions.experiments.metrics import METRICS, OUTCOMES, Metric
from clv.decisions.experiments.planning import Plan, Window
from clv.decisions.experiments.reading import CLOSED, MISMATCH, RUNNING, STOPPED, Comparison, Reading


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
    # Of earlier dates, analysts do not see who might be contacted.
    whoever = ", whether they might be contacted or not" if definition.contact else ""
    lines.append(
        f"variance: that of the {plan.past_customers:,} customers who were selected on {plan.past_day}{whoever}"
    )
    if not own.mean and not own.deviation:
        return [*lines, f"Nobody of them had any {words} within {own.days} days; choose a longer `window_days`."]
    if own.mean <= 0:
        return [
            *lines,
            f"In {own.days} days the smallest effect it sees is {own.smallest_effect:,.2f} per customer. The mean is "
            f"{own.mean:,.2f}, so {effect} of it is no effect to look for.",
        ]
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


def of_reading(reading: Reading) -> list[str]:
    """What stands before the table of a read-out: how far the experiment is, and who is in it."""
    experiment, definition = reading.experiment, reading.experiment.definition
    ends = experiment.started_on + timedelta(days=definition.window_days)
    states = {
        CLOSED: f"its {definition.window_days} days are over",
        RUNNING: f"day {reading.days} of {definition.window_days}; the result comes on {ends}",
        STOPPED: f"stopped after {reading.days} of {definition.window_days} days",
        MISMATCH: f"day {reading.days} of {definition.window_days}",
    }
    arms = ", ".join(f"{arm} {customers:,}" for arm, customers in reading.customers.items())
    return [f"{experiment.name}, started on {experiment.started_on}: {states[reading.state]} ({arms})"]


FIGURES = (
    "metric", "arm", "customers", "mean", "control_mean", "difference", "low", "high", "adjusted", "adjusted_low",
    "adjusted_high", "always_valid_low", "always_valid_high",
)  # fmt: skip


def figures(reading: Reading, style: str) -> list[tuple]:
    """The rows of a read-out's table, with the columns FIGURES; rounded where people read them."""
    return [
        (one.metric, one.arm, one.customers, *(_figure(value, METRICS[one.metric], style) for value in (
            one.mean, one.control_mean, *one.plain[:1], *one.plain[2:4], *one.adjusted[:1], *one.adjusted[2:4],
            *one.always_valid,
        )))
        for one in reading.comparisons
    ]  # fmt: skip


def _figure(value: float, metric: Metric, style: str) -> float | None:
    if not math.isfinite(value):
        return None
    return round(float(value), 2 if metric.is_money else 4) if style == "table" else float(value)


def messages(reading: Reading) -> dict[tuple[str, str], str]:
    """The result in a sentence, by metric and arm. Guards are said to be worse, or not."""
    definition = reading.experiment.definition
    if reading.state == MISMATCH:
        return {(definition.outcome, arm): _of_mismatch(reading) for arm in definition.treated}
    return {(one.metric, one.arm): _of_comparison(one, reading) for one in reading.comparisons}


def decisive(one: Comparison, reading: Reading) -> tuple[float, float]:
    """The bounds that are the result: those to be read once if the window is over, else those that may be looked at
    daily."""
    return (one.adjusted.low, one.adjusted.high) if reading.state == CLOSED else one.always_valid


def _of_mismatch(reading: Reading) -> str:
    return (
        "Nothing is compared: customers are missing from one arm more than chance explains "
        f"(p = {reading.sample_ratio_p:.2g}). Find out what removed them, such as erasures or joined ids, and start a "
        "new experiment."
    )


def _of_comparison(one: Comparison, reading: Reading) -> str:
    definition, metric = reading.experiment.definition, METRICS[one.metric]
    low, high = decisive(one, reading)
    begin = {CLOSED: "", RUNNING: "so far, ", STOPPED: "by the day it was stopped, "}[reading.state]
    if not math.isfinite(low + high):
        return _sentence(f"{begin}nothing can be said of {metric.words}: they do not vary, or no day has passed.")
    estimate, unit = one.adjusted.estimate, _unit(metric, reading.currency)
    relative = f"{100 * estimate / abs(one.control_mean):+.0f} %; " if one.control_mean > 0 else ""
    interval = f"{100 * (1 - definition.alpha):g} % interval {_number(metric, low)} to {_number(metric, high)}"
    found = f"{metric.words} {_number(metric, estimate)}{unit} ({relative}{interval})"
    if low <= 0 <= high:
        return _sentence(f"{begin}no difference between {one.arm} and {definition.control} is seen: {found}.")
    verdict = "better" if (estimate > 0) == metric.more_is_better else "worse"
    total = f"{estimate * one.customers:+,.0f} {reading.currency if metric.is_money else 'in all'}"
    total += f" for its {one.customers:,} customers"
    return _sentence(f"{begin}{one.arm} did {verdict} than {definition.control}: {found}; {total}.")


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]


def _number(metric: Metric, value: float) -> str:
    return f"{100 * value:+.2f}" if metric.is_share else f"{value:+,.2f}" if metric.is_money else f"{value:+,.3f}"


def _unit(metric: Metric, currency: str) -> str:
    """What follows a number of the metric: a share is given in customers of 100."""
    return f" {currency} per customer" if metric.is_money else " of 100" if metric.is_share else " per customer"
