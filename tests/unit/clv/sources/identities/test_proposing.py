"""Pairs of ids that may be one person, with probabilities worked out by hand."""

from __future__ import annotations

from uuid import UUID

import pytest

from clv.sources.identities import proposing
from clv.sources.identities.normal import name
from clv.sources.identities.proposing import Account


def account(number: int, written: str | None = None, email: str | None = None, *shared: str) -> Account:
    addresses = [part.partition(":")[::2] for part in shared]
    digests = frozenset((kind, text.encode()) for kind, text in addresses)
    return Account(UUID(int=number), name(written), frozenset([email] if email else []), digests)


def found(*accounts: Account, known: tuple[frozenset[UUID], ...] = ()) -> list[tuple[int, int, tuple[str, ...]]]:
    return [(a.int, b.int, reasons) for a, b, _, reasons in proposing.proposals(accounts, known)]


OTHERS = [account(number, f"person number{'abcdefghijklmnopqrstuvwxyz'[number - 50]}") for number in range(50, 74)]


def test_the_probability_is_the_odds_times_the_ratios():
    one = account(1, "Anna Berg", "anna.berg@shop.example")
    other = account(2, "Anna Berg", "anna.breg@shop.example")
    (proposal,) = proposing.proposals([one, other, *OTHERS], ())
    # 26 ids: odds 1/26. The name: 0.75 / (3 / 2026). Alike addresses: 0.1 * 26 / 0.2.
    odds = 1 / 26 * (0.75 * 2026 / 3) * (0.1 * 26 / 0.2)
    assert proposal.probability == pytest.approx(odds / (1 + odds), abs=1e-4)
    assert proposal.reasons == ("the same name", "e-mail addresses that are alike")


def test_a_nickname_at_one_address_is_proposed_and_a_relative_is_not():
    robert = account(1, "Robert Berg", None, "email:b")
    bob = account(2, "Bob Berg", None, "email:b")
    clara = account(3, "Clara Berg", None, "email:b")
    assert found(robert, bob, clara, *OTHERS) == [(1, 2, ("forms of the same name", "the same e-mail address"))]


def test_a_guest_without_a_name_may_be_any_of_those_at_the_address():
    anna, guest = account(1, "Anna Berg", None, "email:b"), account(2, None, None, "email:b")
    assert found(anna, guest, *OTHERS) == [(1, 2, ("the same e-mail address",))]


def test_what_is_known_is_not_proposed_and_a_common_name_proposes_nobody():
    one, other = account(1, "Anna Berg", None, "phone:1"), account(2, "Anna Berk", None, "phone:1")
    assert found(one, other, *OTHERS) == [(1, 2, ("names that differ in one letter", "the same telephone number"))]
    assert found(one, other, *OTHERS, known=(frozenset({one.key, other.key}),)) == []
    many = [account(100 + number, "Anna Berg", f"x{number}{number}{number}@shop.example") for number in range(31)]
    assert found(*many) == []


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("annas@x.example", "anna@x.example", True),
        ("anna@x.example", "naan@x.example", False),
        ("anna@x.example", "nana@x.example", True),
        ("anna@x.example", "anna@y.example", True),
        ("a.nna+shop@x.example", "anna@x.example", True),
        ("anna@x.example", "anno@y.example", False),
        ("abc@x.example", "abd@x.example", False),  # too short to say so
    ],
)
def test_addresses_that_are_alike(one: str, other: str, alike: bool):
    assert proposing._alike(one, other) is alike
    if alike:
        assert set(proposing._forms(one)) & set(proposing._forms(other))


def test_addresses_that_spell_the_name_say_no_more_than_the_name():
    one, alike = account(1, "Anna Berg", "anna.berg@x.example"), ("the same name", "e-mail addresses that are alike")
    assert found(one, account(2, "Anna Berg", "berg.anna7@y.example"), *OTHERS) == [(1, 2, ("the same name",))]
    for email in ("anna.brg@x.example", "anna.berg+y@x.example"):
        assert found(one, account(2, "Anna Berg", email), *OTHERS) == [(1, 2, alike)]
    cats = (account(1, "Anna Berg", "black.cat9@x.example"), account(2, "Anna Berg", "black.cat9@y.example"))
    assert found(*cats, *OTHERS) == [(1, 2, alike)]
