"""What a list has earned, in numbers and in words, from sums."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from clv.decisions.experiments.differences import Moments
from clv.decisions.lists import earned_words, earnings, hold_outs
from clv.decisions.lists.hold_outs import Acted, Earning, Shares

DAY = date(2024, 6, 1)
READ = DAY + timedelta(days=90)
ACTED = Acted("back", "Win back", "EUR", 0.5, DAY, entered=2100, drawn=2100, contacted=1500, contacts=1600)
# 1,600 to act on and 400 held out; all variances are equal, so that what arms borrow changes nothing.
SUMS = {
    0.2: {
        "high": {"act": Moments(800, 54.0, 100.0), "hold out": Moments(200, 50.0, 100.0)},
        "low": {"act": Moments(800, 12.0, 100.0), "hold out": Moments(200, 10.0, 100.0)},
    }
}
ERROR = (100 / 1600 + 100 / 400) ** 0.5


def judged(sums: Shares = SUMS, acted: Acted = ACTED, metric: str = "revenue") -> Earning:
    return hold_outs.judged(acted, metric, sums)


def of(act: Moments, held: Moments, share: float = 0.5) -> Shares:
    return {share: {"Gold": {"act": act, "hold out": held}}}


def test_those_to_act_on_are_compared_within_bands() -> None:
    found = judged()
    assert (found.state, found.customers, found.held_out) == ("earned", 1600, 400)
    assert (found.mean, found.held_out_mean) == (33, 30)
    assert found.difference is not None
    assert found.difference.estimate == pytest.approx(3.0)  # (54 - 50 + 12 - 10) / 2
    assert found.difference.standard_error == pytest.approx(ERROR)
    assert found.always_valid is not None
    # With twice the planned customers, k = 2 x 7.9356, and 3.029 = root of (16.871 / 15.871 x ln(16.871 / .0025)).
    assert found.always_valid[0] == pytest.approx(3 - 3.061 * ERROR, abs=2e-3)
    assert found.smallest_effect == pytest.approx((3.061 + 0.842) * ERROR, abs=2e-3)
    assert found.customers_needed == pytest.approx(2000 * ((3.061 + 0.842) * ERROR / 3) ** 2, rel=2e-3)


def test_shares_of_the_draw_are_kept_apart() -> None:
    # Nothing is earned in either time; those of the second bring more, and more of them are held out.
    sums = of(Moments(900, 10.0, 100.0), Moments(100, 10.0, 100.0), 0.1) | of(
        Moments(500, 30.0, 100.0), Moments(500, 30.0, 100.0), 0.5
    )
    found = judged(sums)
    assert found.difference is not None
    assert found.difference.estimate == pytest.approx(0)
    assert found.state == "not shown"
    assert found.sample_ratio_p == pytest.approx(1)


def test_a_small_hold_out_borrows_variance() -> None:
    act, held = hold_outs.moderated(Moments(901, 10.0, 100.0), Moments(101, 1.0, 0.0))
    shared = 100 * 900 / 1000
    assert act.variance == pytest.approx((901 * 100 + 200 * shared) / 1101)
    assert held.variance == pytest.approx(200 * shared / 301)


@pytest.mark.parametrize(
    ("acted", "sums", "state", "text"),
    [
        (ACTED._replace(entered=0, drawn=0), {}, "never exported", "Nothing: the list never went out"),
        (ACTED._replace(drawn=0), {}, "no hold-out", "Nothing can be known: none of its 2,100 customers is held out"),
        (
            ACTED._replace(drawn=100, waiting_since=READ - timedelta(days=9)), {}, "waiting",
            "Nothing is known yet: of 100 customers who came on the list with a hold-out, the first 30 days are over "
            "on 2024-09-20.",
        ),
        (
            ACTED, {}, "waiting",
            "Nothing is known yet: of 2,100 customers who came on the list with a hold-out, none is a customer any",
        ),
        (ACTED._replace(contacts=0), SUMS, "nobody contacted", "Nothing: none of the 1,600 customers to act on went"),
        (
            ACTED, of(Moments(90, 1.0, 1.0), Moments(15, 1.0, 1.0), 0.15), "too few",
            "Too few to say anything: the 30 days are over for 90 customers to act on and 15 held out; 30 of each are "
            "needed, about 210 in all.",
        ),
        (
            ACTED, of(Moments(600, 1.0, 1.0), Moments(400, 1.0, 1.0), 0.5), "mismatch",
            "Nothing is compared: 400 held out beside 600 is not what was drawn (p = 2.5e-10).",
        ),
        (
            ACTED, of(Moments(500, 0.0, 0.0), Moments(500, 0.0, 0.0)), "not shown",
            "Not shown yet: all customers have the same net revenue.",
        ),
    ],
)  # fmt: skip
def test_nothing_is_claimed_that_is_not_known(acted: Acted, sums: Shares, state: str, text: str) -> None:
    found = judged(sums, acted)
    assert (found.state, found.difference) == (state, None)
    assert earned_words.message(acted, found).startswith(text)
    assert "earned" not in earnings.row(acted, found, READ)


def test_what_is_not_shown_is_not_claimed() -> None:
    found = judged(of(Moments(500, 11.0, 100.0), Moments(500, 10.0, 100.0)))
    assert earned_words.message(ACTED, found) == (
        "Not shown yet: net revenue +1.00 EUR per customer (95 % interval -0.92 to +2.92). With so many customers, a "
        "difference of 2.45 EUR would be seen."
    )


def test_a_list_earns_the_difference_of_its_customers_less_its_cost() -> None:
    found = judged(metric="profit")
    row = earnings.row(ACTED, found, READ)
    assert (row["earned"], row["cost"], row["net"]) == (pytest.approx(4800), 800, pytest.approx(4000))
    assert row["net_low"] == pytest.approx(row["always_valid_low"] * 1600 - 800)
    assert row["message"] == (
        "Earned 4,800 EUR: profit +3.00 EUR per customer (95 % interval +1.29 to +4.71), for 1,600 customers "
        "within 30 days. Less 800.00 EUR for 1,600 contacts: 4,000 EUR net."
    )
    dear = ACTED._replace(cost_per_contact=2.0)
    assert earned_words.message(dear, found).endswith("1,600 EUR net, which is not shown yet to be above 0.")
    free = ACTED._replace(cost_per_contact=0.0, currency="XXX")
    assert earned_words.message(free, found).startswith("Earned 4,800: profit +3.00 per customer (95 %")


def test_a_list_can_lose() -> None:
    found = judged(of(Moments(500, 10.0, 100.0), Moments(500, 14.0, 100.0)), metric="profit")
    assert found.state == "lost"
    shown = earned_words.message(ACTED, found)
    assert shown.startswith("Lost 2,000 EUR: profit -4.00 EUR per customer")
    assert shown.endswith("Less 800.00 EUR for 1,600 contacts: -2,800 EUR net.")
    assert earned_words.message(ACTED, found._replace(metric="orders")).startswith("2,000 fewer: orders -4.000")
    assert "earned" not in earnings.row(ACTED, found._replace(metric="orders"), READ)


def test_a_list_that_brings_revenue_and_costs_more_than_its_profit_is_no_gain() -> None:
    """9,000 contacts at 1.00, and a margin of a fifth of 4.00 more revenue: 9,000 x 0.80 - 9,000."""
    acted = ACTED._replace(cost_per_contact=1.0, contacts=9000)
    of_revenue = judged(of(Moments(9000, 14.0, 100.0), Moments(1000, 10.0, 100.0), 0.1), acted)
    row = earnings.row(acted, of_revenue, READ)
    assert row["message"].startswith("36,000 EUR more: net revenue +4.00 EUR per customer")
    assert not {"net", "net_low", "cost"} & set(row)
    of_profit = judged(of(Moments(9000, 2.8, 4.0), Moments(1000, 2.0, 4.0), 0.1), acted, "profit")
    row = earnings.row(acted, of_profit, READ)
    assert row["net"] == pytest.approx(-1800)
    assert row["message"].endswith("for 9,000 contacts: -1,800 EUR net, which is not shown yet to be below 0.")
    assert earnings.FIRST == "profit"


@pytest.mark.parametrize(
    ("basis", "text"),
    [
        ("costs", "Earned 4,800 EUR: profit +3.00"),
        ("revenue", "Earned 4,800 EUR: profit before cost of goods +3.00"),
        ("costs and revenue", "Earned 4,800 EUR: profit, of some products before cost of goods, +3.00"),
    ],
)
def test_profit_without_the_cost_of_goods_is_called_so(basis: str, text: str) -> None:
    shown = earned_words.message(ACTED._replace(profit_basis=basis), judged(metric="profit"))
    assert shown.startswith(text)


def test_who_is_held_out_and_was_reached_is_named() -> None:
    shown = earned_words.message(ACTED._replace(reached=3), judged())
    assert shown.endswith(" 3 of those held out went out too, so less is seen.")


def test_no_number_of_customers_is_named_that_nobody_has() -> None:
    assert judged(of(Moments(500, 1.0, 1.0), Moments(500, 1e-14, 1.0))).customers_needed is None
