"""Reasons in words: figures worked out by hand, and claims that agree with their effects for any customer."""

from __future__ import annotations

import json

import numpy as np
import pytest
import reasons_of_one
from hypothesis import given
from hypothesis import strategies as st

from spark_jobs.explain import attribution, reasons
from spark_jobs.explain.claims import Compared
from spark_jobs.explain.reasons import FIGURES, NAMES

AVERAGE = {
    "orders": 4.0, "gap": 60.0, "silence": 90.0, "value": 50.0, "products": 6.0, "returned": 0.05, "discount": 0.1,
    "last_year": 1.0, "age": 400.0,
}  # fmt: skip


def customer(horizon_days: int = 365, rule: str | None = None, **own: float) -> Compared:
    """Returns a customer who is like the average customer, except for the given figures."""
    figures = {name: np.array([figure]) for name, figure in (AVERAGE | own).items()}
    return Compared(figures, AVERAGE, horizon_days, [rule] if rule else None)


def reasons_of(who: Compared, sign: int = 1, **effects: float) -> list[tuple[str, str, float]]:
    found = reasons.reasons_of(np.array([[effects.get(name, 0.0) for name in [*NAMES, "all"]]]), who, sign)
    return [(one["group"], one["reason"], one["effect"]) for one in json.loads(found[0][0])]


def test_every_driver_belongs_to_a_group() -> None:
    assert set(reasons.GROUPS) == set(attribution.DRIVERS)


def test_reasons_are_the_three_strongest_in_words_and_money() -> None:
    who = customer(orders=12, gap=30, silence=210, value=80, products=20)
    assert reasons_of(who, rhythm=41.204, recency=-50, spend=20, variety=15) == [
        ("recency", "quiet for 210 days, usually orders every 30 days", -50.0),
        ("rhythm", "ordered on 12 days, usually every 30 days, more often than the average customer", 41.2),
        ("spend", "average order of 80.00, above the average customer's", 20.0),
    ]


def test_negligible_effects_are_not_named() -> None:
    who = customer(orders=12, gap=30, silence=20, value=80)
    assert [name for name, *_ in reasons_of(who, rhythm=50, recency=0.99, spend=1)] == ["rhythm", "spend"]
    assert reasons_of(who, rhythm=0.004) == []


def test_a_silence_that_would_raise_the_value_is_merged_with_the_rhythm() -> None:
    who = customer(orders=12, gap=30, silence=80)
    words = "ordered on 12 days, usually every 30 days, the last one 80 days ago"
    assert reasons_of(who, rhythm=30, recency=10) == [("ordering", words, 40.0)]


def test_a_quiet_infrequent_customer_gets_no_reason_for_a_higher_value() -> None:
    who = customer(orders=3, gap=100, silence=300)
    assert reasons_of(who, rhythm=30, recency=10, variety=-1) == [("spend", "average order of 50.00", -1.0)]


@pytest.mark.parametrize(
    ("value", "effect", "words"),
    [
        (46.0, -21.0, "average order of 46.00, a little below the average customer's"),
        # What was bought is part of the reason and outweighs the slightly lower value.
        (46.0, 21.0, "average order of 46.00"),
        (54.0, 21.0, "average order of 54.00, a little above the average customer's"),
        (50.0, -21.0, "average order of 50.00"),
        (44.0, -21.0, "average order of 44.00, below the average customer's"),
    ],
)
def test_an_order_value_is_compared_in_the_direction_of_its_effect(value: float, effect: float, words: str) -> None:
    assert reasons_of(customer(value=value), spend=effect) == [("spend", words, effect)]
    assert reasons_of(customer(value=value), -1, spend=-effect) == [("spend", words, -effect)]


def test_a_low_order_value_with_a_positive_effect_is_merged_with_everything() -> None:
    who = customer(orders=12, gap=30, silence=20, value=20)
    words = "ordered on 12 days, usually every 30 days, the last one 20 days ago, average order of 20.00"
    assert reasons_of(who, rhythm=30, recency=10, spend=40) == [("all", words, 80.0)]
    assert [name for name, *_ in reasons_of(who, rhythm=30, recency=10, spend=20)] == ["rhythm", "recency"]


def test_a_one_time_buyer_has_one_reason_for_rhythm_and_silence() -> None:
    assert reasons_of(customer(orders=1, gap=np.nan, silence=2), rhythm=-20, recency=30) == [
        ("first order", "ordered on one day so far, 2 days ago", 10.0)
    ]


def test_signs_that_raise_the_value_lower_the_risk() -> None:
    who = customer(orders=12, gap=30, silence=210)
    assert [(name, effect) for name, _, effect in reasons_of(who, -1, rhythm=-8, recency=30)] == [
        ("recency", 30.0), ("rhythm", -8.0),
    ]  # fmt: skip
    assert [name for name, *_ in reasons_of(who, -1, rhythm=-8, recency=-3)] == ["ordering"]


@pytest.mark.parametrize(
    ("horizon", "own", "effect", "group"),
    [
        (90, {"last_year": 2.0}, 5, "season"),
        (90, {"last_year": 0.0}, -5, "season"),
        (90, {"last_year": 0.0}, 5, "rhythm"),  # no orders then, but a positive effect
        (90, {"last_year": 0.0, "age": 300.0}, -5, "rhythm"),  # less than a year of history
        (365, {"last_year": 2.0}, 5, "rhythm"),  # a year contains all seasons
    ],
)
def test_a_season_is_named_only_if_it_is_known(horizon: int, own: dict, effect: float, group: str) -> None:
    assert [name for name, *_ in reasons_of(customer(horizon, **own), season=effect)] == [group]


@pytest.mark.parametrize(
    ("own", "effects", "words"),
    [
        ({"returned": 0.0}, {"returns": 3.0}, "nothing refunded"),
        ({"returned": 0.4}, {"returns": -3.0}, "40% of spend refunded, more than the average customer"),
        ({"returned": 1.6}, {"returns": -3.0}, "all of spend refunded, more than the average customer"),
        ({"discount": 0.0}, {"discounts": 3.0}, "bought without discounts"),
        ({"discount": 0.3}, {"discounts": 3.0}, "30% off the price on average, more than the average customer"),
        ({"products": 1.0}, {"variety": -3.0}, "1 different product bought, less than the average customer"),
        ({"value": 20.0}, {"spend": -3.0}, "average order of 20.00, below the average customer's"),
    ],
)
def test_words_of_what_was_bought(own: dict, effects: dict, words: str) -> None:
    assert [reason for _, reason, _ in reasons_of(customer(**own), **effects)] == [words]


@pytest.mark.parametrize("own", [{"products": np.nan}, {"products": 6.0}, {"products": 20.0}])
def test_unremarkable_groups_are_merged_with_spend(own: dict) -> None:
    assert [name for name, *_ in reasons_of(customer(**own), variety=-3.0)] == ["spend"]


def test_a_rule_is_the_only_reason() -> None:
    who = customer(rule="8.00 spent in the last 365 days")
    assert reasons_of(who, all=-5.0) == [("all", "8.00 spent in the last 365 days", -5.0)]


CUSTOMERS = st.fixed_dictionaries({
    "orders": st.integers(1, 40).map(float), "gap": st.floats(1, 700), "silence": st.floats(0, 900),
    "value": st.floats(0, 500), "products": st.one_of(st.just(np.nan), st.floats(0, 50)),
    "returned": st.floats(0, 2), "discount": st.floats(0, 0.9), "last_year": st.integers(0, 3).map(float),
    "age": st.floats(1, 2000),
})  # fmt: skip


@given(
    CUSTOMERS, st.lists(st.floats(-100, 100), min_size=len(NAMES), max_size=len(NAMES)),
    st.sampled_from([1, -1]), st.sampled_from([90, 365]),
)  # fmt: skip
def test_no_reason_contradicts_its_effect(own: dict, effects: list, sign: int, horizon: int) -> None:
    found = json.loads(reasons.reasons_of(np.array([[*effects, 0.0]]), customer(horizon, **own), sign)[0][0])
    assert len(found) <= 3
    assert len({one["group"] for one in found}) == len(found)
    good = [one["effect"] * sign > 0 for one in found]
    for one, helps in zip(found, good, strict=True):
        words = one["reason"]
        assert "like the average" not in words
        claims_good = ["more often", "above", "nothing refunded", "products bought, more", "refunded, less"]
        claims_bad = ["quiet for", "less often", "below", "bought, less", "refunded, more", "0 orders in the same"]
        assert not any(claim in words for claim in (claims_bad if helps else claims_good)), (words, one["effect"])
        if one["group"] == "season":
            assert helps == (own["last_year"] > 0)
        if one["group"] == "recency" and own["orders"] >= 3:
            assert helps or own["silence"] > own["gap"]
            assert ("quiet for" in words) == (own["silence"] > 2 * own["gap"])
        if "average customer" in words and one["group"] == "spend":
            assert ("above" in words) == (own["value"] > AVERAGE["value"])


@pytest.mark.parametrize(
    ("sign", "horizon", "ruled"), [(1, 365, False), (-1, 365, False), (1, 90, False), (-1, 90, False), (1, 365, True)]
)
def test_many_customers_get_the_reasons_that_each_would_get_alone(sign: int, horizon: int, ruled: bool) -> None:
    n, rng = 5_000, np.random.default_rng(horizon + sign)
    own = {
        "orders": rng.geometric(0.3, n), "gap": rng.gamma(1, 60, n), "silence": rng.integers(0, 400, n),
        "value": rng.gamma(2, 25, n), "products": rng.poisson(6, n), "returned": rng.gamma(0.3, 0.2, n),
        "discount": rng.beta(1, 5, n), "last_year": rng.poisson(0.7, n), "age": rng.integers(1, 1000, n),
    }  # fmt: skip
    own = {name: np.where(rng.random(n) < 0.05, np.nan, array.astype(float)) for name, array in own.items()}
    effects = np.round(
        rng.normal(0, 20, (n, len(NAMES) + 1)), 3
    )  # to three decimals, so that there are halves of cents
    effects[:, -1] = np.where(rng.random(n) < 0.1, effects[:, -1], 0)
    effects *= rng.random((n, 1)) < 0.98
    if ruled:
        effects[:, :-1] = 0
    rules = [f'spent "{row}" in all' if row % 3 else "" for row in range(n)] if ruled else None
    found, named = reasons.reasons_of(effects, Compared(own, AVERAGE, horizon, rules), sign)
    assert set(own) == set(FIGURES)
    for row in range(n):
        figures = {name: float(array[row]) for name, array in own.items()}
        one = reasons_of_one.Customer(figures, AVERAGE, horizon, rules[row] if rules else None)
        alone = reasons_of_one.reasons_of(effects[row], one, sign)
        assert found[row] == json.dumps(alone), (row, figures)
        assert named[row] == pytest.approx(sum(each["effect"] for each in alone))


def test_effects_are_rounded_to_the_nearest_cent() -> None:
    effects = np.array([[2.675, -2.675, 0.005, 0.0049999, 1.005, 1e17, 12.345, np.nan]])
    assert reasons._rounded(effects)[0, :-1].tolist() == [round(effect, 2) for effect in effects[0, :-1].tolist()]
