"""What a saved list may be."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from clv.core.errors import ClvError
from clv.decisions.lists import approving, reading, saving
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


class Transaction:
    """Stands for the transaction of a page: what was executed in it, and whether an earlier list had the name."""

    def __init__(self, used: bool = False) -> None:
        self.used, self.done = used, []

    def execute(self, query: str, values: Any) -> SimpleNamespace:
        self.done.append((" ".join(query.split()), values))
        return SimpleNamespace(rowcount=1, fetchone=lambda: (1,) if self.used else None)


@pytest.fixture
def sound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saving, "problems", lambda *_: [None])


def test_a_new_list_is_saved_without_the_approvals_of_a_former_one(sound: None):
    over, home = Transaction(), SimpleNamespace(warehouse_url="")
    saving.save(GOLD._replace(channel=" Email "), "anna", home, over)  # type: ignore[arg-type]
    (inserted, values), _, (revoked, whose) = over.done
    assert inserted.startswith("insert into ops.saved_lists")
    assert values == (*GOLD, "anna")  # its channel in small letters
    assert revoked.startswith("update ops.list_approvals set revoked_by")
    assert (whose["name"], whose["day"], whose["standing"]) == ("desk_gold", None, False)


def test_a_name_that_an_earlier_list_had_is_refused(sound: None):
    with pytest.raises(ClvError, match="an earlier list was named desk_gold, and what it earned is kept; choose"):
        saving.save(GOLD, "anna", SimpleNamespace(warehouse_url=""), Transaction(used=True))  # type: ignore[arg-type]


def test_removing_and_revoking_are_one_transaction():
    over = Transaction()
    saving.remove("desk_gold", "anna", SimpleNamespace(warehouse_url=""), over)  # type: ignore[arg-type]
    assert [query.split()[1] for query, _ in over.done] == ["ops.saved_lists", "ops.list_approvals"]


def test_a_removed_list_is_not_approved(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(reading, "one", lambda *_: SimpleNamespace(as_of_date=date(2024, 6, 1)))
    monkeypatch.setattr(approving, "removed_at", lambda *_: datetime(2024, 6, 2, tzinfo=UTC))
    over = Transaction()
    with pytest.raises(ClvError, match="the list desk_gold was removed on 2024-06-02, so nothing more of it goes out"):
        approving.approve("desk_gold", "anna", None, over=over)  # type: ignore[arg-type]
    assert over.done == []


def test_channels_are_those_of_the_lists_each_once():
    assert saving.channels([]) == ["email", "offers", "service"]
    assert saving.channels([SimpleNamespace(channel=" Post")]) == ["email", "offers", "post", "service"]  # type: ignore[list-item]
