"""Customers of an e-mail address, without a warehouse."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from clv.warehouse import addresses

ONE, OTHER, STRANGER = (UUID(int=n) for n in (1, 2, 3))


class Rows:
    """A connection to a warehouse with these customers. The id of none follows from a known namespace."""

    def execute(self, *_given: object) -> list[tuple]:
        return [
            (ONE, "c1", "Ann@example.com", "shop"),
            (OTHER, "ann@example.com", "ann\u200b@example.com", "a mapping that is gone"),
            (STRANGER, "c3", "bob\u200b@example.com", "shop"),
        ]


def test_keys_of_an_address_are_found_whatever_their_namespace() -> None:
    assert addresses.keys_of_address(cast(Any, Rows()), "ANN@example.com") == {ONE, OTHER}
