"""What a list has earned, in a sentence. Nothing is claimed before the interval for daily looks excludes 0."""

from __future__ import annotations

import math
from datetime import date, timedelta

from clv.decisions.experiments.metrics import METRICS, Metric
from clv.decisions.lists import hold_outs
from clv.decisions.lists.hold_outs import Acted, Earning


def message(acted: Acted, found: Earning, as_of: date) -> str:
    """The result of a read-out in one sentence or two. as_of: its date."""
    if found.state in (hold_outs.EARNED, hold_outs.LOST, hold_outs.NOT_SHOWN):
        return _of_difference(acted, found, METRICS[found.metric])
    days, entered = hold_outs.WINDOW_DAYS, f"{acted.entered:,} customer{'' if acted.entered == 1 else 's'}"
    if found.state == hold_outs.NEVER:
        return (
            f"Nothing: the list never went out, neither daily nor by `clv export {acted.list_name} --to DESTINATION`."
        )
    if found.state == hold_outs.NO_HOLD_OUT:
        return (
            f"Nothing can be known: none of its {entered} is held out; set its holdout_share in lists.csv above 0, "
            "or remove a saved list and save it with a hold-out."
        )
    if found.state == hold_outs.WAITING:
        first = (acted.first_on or as_of) + timedelta(days=days)
        ends = f"the first {days} days are over on {first}" if first > as_of else "none of them is a customer any more"
        return f"Nothing is known yet: of {entered} who came on the list since {acted.first_on}, {ends}."
    if found.state == hold_outs.NOBODY:
        return f"Nothing: none of the {found.customers:,} customers to act on went out."
    if found.state == hold_outs.MISMATCH:
        return (
            f"Nothing is compared: {found.held_out:,} held out beside {found.customers:,} is not what was drawn "
            f"(p = {found.sample_ratio_p:.2g}). Find out what removed customers, such as erasures or joined ids."
        )
    smaller = min(found.customers, found.held_out)
    times = hold_outs.LEAST / smaller if smaller else None
    total = f", about {math.ceil(times * (found.customers + found.held_out)):,} in all" if times else ""
    return (
        f"Too few to say anything: the {days} days are over for {found.customers:,} customers to act on and "
        f"{found.held_out:,} held out; {hold_outs.LEAST} of each are needed{total}."
    )


def _of_difference(acted: Acted, found: Earning, metric: Metric) -> str:
    if found.difference is None or found.always_valid is None:
        return f"Not shown yet: all customers have the same {metric.words}."
    unit = f" {acted.currency}" if metric.is_money and acted.currency != "XXX" else ""
    low, high = found.always_valid
    each = (
        f"{metric.words} {_number(found.difference.estimate, metric)}{unit} per customer "
        f"(95 % interval {_number(low, metric)} to {_number(high, metric)})"
    )
    if found.state == hold_outs.NOT_SHOWN:
        seen = _number(found.smallest_effect or 0, metric).removeprefix("+")
        return f"Not shown yet: {each}. With so many customers, a difference of {seen}{unit} would be seen."
    total = found.difference.estimate * found.customers
    verb = "Earned" if found.state == hold_outs.EARNED else "Lost"
    of = f"{each}, for {found.customers:,} customers within {hold_outs.WINDOW_DAYS} days"
    if not metric.is_money:
        return f"{'More' if found.state == hold_outs.EARNED else 'Fewer'}: {abs(total):,.0f} {of}."
    text = f"{verb} {abs(total):,.0f}{unit}: {of}."
    cost = acted.cost_per_contact * acted.contacts
    if not cost:
        return text
    proven = (
        ""
        if found.state == hold_outs.LOST or low * found.customers > cost
        else ", which is not shown yet to be above 0"
    )
    return f"{text} Less {cost:,.2f}{unit} for {acted.contacts:,} contacts: {total - cost:,.0f}{unit} net{proven}."


def _number(value: float, metric: Metric) -> str:
    return f"{value:+,.2f}" if metric.is_money else f"{value:+,.3f}"
