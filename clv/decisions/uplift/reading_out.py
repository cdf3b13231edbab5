"""What the replay of an experiment prints: tables of rows, and sentences that a marketer reads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from clv.decisions.experiments.differences import Difference
from clv.decisions.uplift.experiment_file import Past
from clv.decisions.uplift.policy import LEAST_DIFFERENT, Estimate, Judged
from clv.decisions.uplift.replay import ArmRead, Moved, Uplift


@dataclass(frozen=True)
class Shown:
    """A table: its title, the names of its columns, and its rows."""

    title: str
    names: Sequence[str]
    rows: list[tuple]


def of_arms(arms: Sequence[ArmRead], outcome: str, covariate: str | None) -> Shown:
    """The mean of the outcome by arm, and its difference to the control."""
    names = ["arm", "customers", "mean", "95 % interval", "difference", "95 % interval", "p"]
    rows = [
        (one.arm, one.customers, one.mean.mean, _interval(one.mean), *_difference(one.difference)) for one in arms
    ]  # fmt: skip
    if covariate is not None:
        names += [f"difference given {covariate}", "95 % interval"]
        rows = [(*row, *_difference(one.adjusted)[:2]) for row, one in zip(rows, arms, strict=True)]
    return Shown(f"{outcome} by arm", names, rows)


def of_learners(moved: Sequence[Moved]) -> Shown:
    """How well predicted uplift ranks customers, by arm."""
    names = ["arm", "Qini", "95 % interval", "learners", "Qini of each", "slope", "95 % interval"]
    rows = [
        (
            one.arm,
            one.qini.mean,
            _interval(one.qini),
            ", ".join(f"{name} in {times}" for name, times in one.chosen.items()),
            ", ".join(f"{name} {_number(qini)}" for name, qini in one.by_learner.items()),
            one.slope.mean,
            _interval(one.slope),
        )
        for one in moved
    ]
    return Shown("How well predicted uplift ranks customers", names, rows)


def of_deciles(moved: Moved) -> Shown:
    """The predicted and actual uplift of an arm, by decile of the prediction."""
    rows = [(one.decile, one.predicted, one.actual.mean, _interval(one.actual)) for one in moved.deciles]
    title = f"Uplift of '{moved.arm}' by decile of customers by predicted uplift, 1 the highest"
    return Shown(title, ["decile", "predicted", "actual", "95 % interval"], rows)


def of_policies(judged: Judged, arms: Sequence[str]) -> Shown:
    """What each policy is worth per customer, what the learned one brings more, and how many customers it gives each
    arm."""
    names = ["policy", "per customer", "95 % interval", "choosing brings more", "95 % interval", "chosen for"]
    rows: list[tuple] = [
        (f"'{arm}' for all", value.mean, _interval(value), gain.mean, _interval(gain), customers)
        for arm, value, gain, customers in zip(arms, judged.constant, judged.gains, judged.customers, strict=True)
    ]
    rows.append(("the best arm for each", judged.learned.mean, _interval(judged.learned), None, "", None))
    return Shown("What each policy is worth", names, rows)


def verdict(judged: Judged, arms: Sequence[str]) -> str:
    """Says whether to choose the arm by customer, and otherwise which arm for all is better than none."""
    best = f"'{arms[judged.best]}' for all"
    if judged.recommended:
        return f"Recommended: choose the arm by customer, which brings {_compared(judged.gains[judged.best], best)}."
    same = _same_for_all(judged, arms)
    most = max(judged.customers)
    if (others := sum(judged.customers) - most) < LEAST_DIFFERENT:
        only = f"'{arms[judged.customers.index(most)]}' is predicted to be best for all customers"
        but = f" but {others}, too few to judge" if others else ""
        return f"No choice by customer is recommended: {only}{but}. {same}"
    place = min(range(len(arms)), key=lambda arm: judged.gains[arm].low)
    compared = _compared(judged.gains[place], f"'{arms[place]}' for all")
    return f"No choice by customer is recommended: it brings {compared}, so nothing shows that it pays. {same}"


def _same_for_all(judged: Judged, arms: Sequence[str]) -> str:
    """Names the arm that brings most of those that are shown to bring more than the control."""
    shown = [place for place, gain in enumerate(judged.over_control) if gain.low > 0]
    if not shown:
        return "Nothing shows that any arm is better than leaving everybody alone."
    place = max(shown, key=lambda arm: judged.over_control[arm].mean)
    gain = judged.over_control[place]
    return (
        f"'{arms[place]}' for all brings {_number(gain.mean)} per customer more than leaving everybody alone "
        f"({_interval(gain)} with 95 %)."
    )


def _compared(gain: Estimate, what: str) -> str:
    more = "more" if gain.mean >= 0 else "less"
    return f"{_number(abs(gain.mean))} per customer {more} than {what} (difference {_interval(gain)} with 95 %)"


def rows_of_customers(past: Past, uplift: Uplift) -> tuple[list[str], Iterable[tuple]]:
    """The names and rows of the file of recommendations: customer, uplift by arm, and recommended arm."""
    names = ["customer", *(f"uplift of {arm}" for arm in past.arms[1:]), "recommended arm"]
    predicted = uplift.uplift.round(6).tolist()
    rows = (
        (customer, *values, past.arms[arm])
        for customer, values, arm in zip(past.customers, predicted, uplift.choice.tolist(), strict=True)
    )
    return names, rows


def _difference(one: Difference | None) -> tuple[Any, Any, Any]:
    return (None, None, None) if one is None else (float(one.estimate), _interval(one), float(one.p_value))


def _interval(one: Estimate | Difference) -> str:
    return f"{_number(one.low)} to {_number(one.high)}"


def _number(value: float) -> str:
    return f"{value:,.2f}" if abs(value) >= 100 else f"{value:.4f}"
