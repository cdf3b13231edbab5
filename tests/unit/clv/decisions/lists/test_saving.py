"""What a saved list may be."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from clv.core.errors import ClvError
from clv.decisions.lists import saving
from clv.decisions.lists.saving import NewList

GOLD = NewList("desk_gold", "Desk fans", "true", "email", "show them desks", 100, Decimal("0.1"), "a customer")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"list_name": "Desk"}, "'Desk' is no name of a list; write small letters, digits and _"),
        ({"list_name": "a" * 61}, "is no name of a list"),
        ({"list_name": "win_back"}, "win_back is one of the shop's own lists; choose another name"),
        ({"title": " "}, "the title of the list is empty"),
        ({"action": "write\nnow"}, "the action of the list is empty, too long or has odd characters"),
        ({"channel": "x" * 301}, "the channel of the list is empty, too long"),
        ({"cap": 0}, "the cap of the list is a number of customers from 1 on"),
        ({"holdout_share": Decimal(1)}, "the hold-out is a share from 0 to under 100 %"),
        ({"holdout_share": Decimal("-0.1")}, "the hold-out is a share"),
    ],
)
def test_what_cannot_be_saved_is_refused_with_the_remedy(changes: dict[str, Any], says: str):
    with pytest.raises(ClvError, match=says):
        saving.save(GOLD._replace(**changes), "anna", None)  # type: ignore[arg-type]
