"""What a list has earned, in a sentence. Nothing is claimed before the interval for daily looks excludes 0, and the
cost is compared with profit alone."""

from __future__ import annotations

import math
from datetime import timedelta

from clv.decisions.experiments.metrics import METRICS
from clv.decisions.lists import hold_outs
from clv.decisions.lists.hold_outs import Acted, Earning

# What profit is called where the cost of goods is known of no line, or of some lines only (customer_clv.profit_basis).
BEFORE_COST = {
    "revenue": "profit before cost of goods",
    "costs and revenue": "profit, of some products before cost of goods,",
}


def message(acted: Acted, found: Earning) -> str:
    """The result of a read-out in one sentence or two."""
    if found.state in (hold_outs.EARNED, hold_outs.LOST, hold_outs.NOT_SHOWN):
        return _of_difference(acted, found) + _held_out_reached(acted)
    days = hold_outs.WINDOW_DAYS
    if found.state == hold_outs.NEVER:
        return (
            f"Nothing: the list never went out, neither daily nor by `clv export {acted.list_name} --to DESTINATION`."
        )
    if found.state == hold_outs.NO_HOLD_OUT:
        return (
            f"Nothing can be known: none of its {_customers(acted.entered)} is held out; set its holdout_share in "
            "lists.csv above 0, or remove a saved list and save it with a hold-out."
        )
    if found.state == hold_outs.WAITING:
        first = acted.waiting_since and acted.waiting_since + timedelta(days=days)
        ends = f"the first {days} days are over on {first}" if first else "none is a customer any more"
        return f"Nothing is known yet: of {_customers(acted.drawn)} who came on the list with a hold-out, {ends}."
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


def _of_difference(acted: Acted, found: Earning) -> str:
    metric, words = METRICS[found.metric], _words(acted, found)
    if found.difference is None or found.always_valid is None:
        return f"Not shown yet: all customers have the same {words.rstrip(',')}."
    unit = _unit(acted) if metric.is_money else ""
    low, high = (_number(end, found) for end in found.always_valid)
    each = f"{words} {_number(found.difference.estimate, found)}{unit} per customer (95 % interval {low} to {high})"
    if found.state == hold_outs.NOT_SHOWN:
        seen = _number(found.smallest_effect or 0, found).removeprefix("+")
        return f"Not shown yet: {each}. With so many customers, a difference of {seen}{unit} would be seen."
    total, is_more = abs(found.difference.estimate * found.customers), found.state == hold_outs.EARNED
    of = f"{each}, for {found.customers:,} customers within {hold_outs.WINDOW_DAYS} days."
    if found.metric != "profit":
        return f"{total:,.0f}{unit} {'more' if is_more else 'less' if metric.is_money else 'fewer'}: {of}"
    return f"{'Earned' if is_more else 'Lost'} {total:,.0f}{unit}: {of}{_less_cost(acted, found)}"


def _less_cost(acted: Acted, found: Earning) -> str:
    """What is left of profit after the cost of contacts, if they cost anything."""
    cost, unit = acted.cost_per_contact * acted.contacts, _unit(acted)
    if not cost or found.difference is None or found.always_valid is None:
        return ""
    low, net, high = (
        one * found.customers - cost
        for one in (found.always_valid[0], found.difference.estimate, found.always_valid[1])
    )
    side = "above" if net > 0 else "below"
    unproven = f", which is not shown yet to be {side} 0" if low <= 0 <= high else ""
    return f" Less {cost:,.2f}{unit} for {acted.contacts:,} contacts: {net:,.0f}{unit} net{unproven}."


def _held_out_reached(acted: Acted) -> str:
    return f" {acted.reached:,} of those held out went out too, so less is seen." if acted.reached else ""


def _customers(number: int) -> str:
    return f"{number:,} customer{'' if number == 1 else 's'}"


def _words(acted: Acted, found: Earning) -> str:
    words = METRICS[found.metric].words
    return BEFORE_COST.get(acted.profit_basis, words) if found.metric == "profit" else words


def _unit(acted: Acted) -> str:
    return f" {acted.currency}" if acted.currency != "XXX" else ""


def _number(value: float, found: Earning) -> str:
    return f"{value:+,.2f}" if METRICS[found.metric].is_money else f"{value:+,.3f}"
