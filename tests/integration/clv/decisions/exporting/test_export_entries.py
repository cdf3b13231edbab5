"""Who is kept as having been on a list that goes out, so that its hold-out can be read."""

from __future__ import annotations

import exported
import pytest
from exported import LIST, Member, approve, declare, publish

from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.decisions.exporting import export as exporting
from clv.decisions.exporting.export import export
from clv.warehouse import db


@pytest.fixture
def shop(home: Settings) -> Settings:
    exported.make_tables(home)
    declare(home, "crm", to="file", columns=["customer_id", "email"])
    return home


def stopped(*_: object) -> None:
    raise KeyboardInterrupt


def test_who_is_on_a_list_that_goes_out_is_kept_in_both_arms_and_on_the_first_date(shop):
    publish(shop, [Member("1", "one@shop.example"), Member("2", arm="hold out"), Member("3")])  # 3 has no address
    with pytest.raises(ClvError, match="is not approved"):
        export(LIST, "crm", shop)
    approve(shop)
    assert entries(shop) == []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exporting.files, "send", stopped)
        with pytest.raises(KeyboardInterrupt):
            export(LIST, "crm", shop)
    first = [("1", exported.AS_OF, "act"), ("2", exported.AS_OF, "hold out"), ("3", exported.AS_OF, "act")]
    assert entries(shop) == first
    publish(shop, [Member("2", arm="hold out"), Member("4")], as_of="2024-06-02", run_id="r2")
    export(LIST, "crm", shop)
    assert entries(shop) == [*first, ("4", "2024-06-02", "act")]


def entries(shop: Settings) -> list[tuple[str, str, str]]:
    """The customers of a list that went out, each with the date and the arm."""
    return db.rows(
        "select customer_id, entered_on::text, arm from ops.list_entries join pii.customers using (customer_key) "
        "order by 1",
        url=shop.warehouse_url,
    )
