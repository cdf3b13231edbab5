"""Persons from pairs of ids."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from clv.warehouse import identities

A, B, C, D, E = (UUID(int=number) for number in range(1, 6))


def test_ids_connected_through_others_are_one_group():
    found = identities.groups([(A, B), (C, D), (D, B), (E, E)])
    assert sorted(map(sorted, found)) == [[A, B, C, D], [E]]


def test_a_person_has_the_key_of_the_id_that_ordered_first():
    early, late = (datetime.fromisoformat(text) for text in ("2024-01-01", "2024-03-01"))
    first = {A: late, B: early, D: early, E: early}
    # C never ordered; D and E ordered at the same time.
    assert identities.person_keys([(A, B), (B, C), (D, E)], first) == {A: B, C: B, E: D}
    assert identities.person_keys([], {}) == {}
