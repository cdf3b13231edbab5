"""Which ids an address links, and for which dates."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from clv.sources.identities import joining
from clv.sources.identities.joining import Link, Seen

A, B, C, D = (UUID(int=number) for number in (10, 11, 12, 13))


def seen(key: UUID, day: int, given: str | None = None, whole: str | None = None, kind: str = "email") -> Seen:
    return Seen(kind, b"x", key, given and given.encode(), whole and whole.encode(), date(2024, 1, day))  # type: ignore[arg-type]


def link(key: UUID, other: UUID, known_on: int, until_on: int | None = None, rule: str = "email") -> Link:
    return Link(key, other, rule, date(2024, 1, known_on), until_on and date(2024, 1, until_on))  # type: ignore[arg-type]


def test_ids_with_one_address_are_linked_from_the_day_of_the_later_one():
    assert joining.links([seen(A, 1), seen(B, 5), seen(B, 3), seen(C, 9)]) == [link(A, B, 3), link(A, C, 9)]


def test_an_id_alone_has_no_link_and_addresses_of_other_kinds_are_apart():
    assert joining.links([seen(A, 1), seen(A, 2), seen(B, 2, kind="phone")]) == []


def test_another_given_name_ends_what_was_certain_and_leaves_what_names_agree_on():
    found = joining.links(
        [seen(A, 1, "anna", "anna m"), seen(B, 2), seen(C, 4, "peter", "m peter"), seen(D, 6, "anna")]
    )
    # B ordered without a name: until Peter came, only Anna was known at the address.
    assert found == [link(A, B, 2, 4), link(A, D, 6)]


def test_a_married_name_and_swapped_parts_are_no_contradiction():
    assert joining.links([seen(A, 1, "anna", "anna m"), seen(B, 2, "anna", "anna s")]) == [link(A, B, 2)]
    assert joining.links([seen(A, 1, "anna", "anna m"), seen(B, 2, "m", "anna m")]) == [link(A, B, 2)]


def test_an_id_with_two_given_names_shows_that_the_address_is_shared():
    assert joining.links([seen(A, 1, "anna"), seen(A, 3, "peter"), seen(B, 2)]) == []
    found = joining.links([seen(A, 1), seen(B, 2, "anna"), seen(C, 3, "anna"), seen(C, 3, "peter")])
    assert found == [link(A, B, 2, 3)]


def test_a_device_links_only_ids_with_names_that_agree():
    names = [("anna", "anna m"), (None, None), ("m", "anna m"), ("anna", "anna s")]
    rows = [seen(key, 1 + day, *names[day], kind="device") for day, key in enumerate((A, B, C, D))]
    assert joining.links(rows) == [link(A, C, 3, rule="device")]


def test_an_address_of_many_ids_names_no_person_from_then_on():
    many = [seen(UUID(int=number), 1) for number in range(joining.MOST + 1)]
    assert joining.links(many) == []
    many[-1] = seen(UUID(int=50), 9)
    found = joining.links(many)
    assert len(found) == joining.MOST - 1
    assert {one.until_on for one in found} == {date(2024, 1, 9)}


def test_an_id_that_was_split_off_leaves_the_others_together():
    rows = [seen(A, 1), seen(B, 2), seen(C, 3)]
    assert joining.links(rows) == [link(A, B, 2), link(A, C, 3)]
    # Without A, through which they were linked, B and C stay one person.
    assert joining.links(rows, {A: date(2024, 1, 9)}) == [link(A, B, 2, 9), link(A, C, 3, 9), link(B, C, 9)]
    assert joining.links(rows, {B: date(2024, 1, 1)}) == [link(A, C, 3)]


def test_the_name_of_an_id_that_was_split_off_contradicts_nobody():
    rows = [seen(A, 1, "anna"), seen(B, 2), seen(C, 3, "peter")]
    assert joining.links(rows) == [link(A, B, 2, 3)]
    assert joining.links(rows, {C: date(2024, 1, 9)}) == [link(A, B, 2, 3), link(A, B, 9)]


def test_a_merge_after_a_split_counts():
    split = {A: date(2024, 1, 5)}
    assert joining.until_split([link(A, B, 2, rule="merges")], split) == [link(A, B, 2, 5, rule="merges")]
    assert joining.until_split([link(A, B, 6, rule="merges")], split) == [link(A, B, 6, rule="merges")]
    assert joining.until_split([link(A, B, 6)], split) == []
