"""Lists of a published date, as readers and commands see them, and their approval."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import exported
import listed
import pytest
import raw_rows
from listed import BEFORE, DAY
from typer.testing import CliRunner

from clv import cli
from clv.catalog import tables
from clv.core import settings
from clv.core.errors import ClvError
from clv.decisions.exporting.export import export
from clv.decisions.lists import approving, earnings, reading
from clv.warehouse import db

pytestmark = pytest.mark.set_up


@pytest.fixture(scope="module")
def shop(module_home: settings.Settings) -> settings.Settings:
    """A home with two published dates that have the same lists."""
    listed.publish(module_home)
    return module_home


@pytest.fixture(autouse=True)
def undone() -> Iterator[None]:
    """Deletes a test's approvals and exports."""
    yield
    with db.connect() as connection:
        connection.execute(f"delete from {tables.LIST_APPROVALS}")
        connection.execute(f"delete from {tables.EXPORTS}")
        connection.execute(f"delete from {tables.LIST_ENTRIES}")


def states(view: str = "action_list") -> dict[tuple, str]:
    """The state of each member, by date, list and place, as an analyst reads it."""
    with db.connect() as connection:
        connection.execute("set role clv_analyst")
        found = connection.execute(f"select as_of_date, list_name, place, state from analytics.{view}").fetchall()  # type: ignore[arg-type]
    return {(day, name, place): state for day, name, place, state in found}


def clv(*arguments: str) -> str:
    result = CliRunner().invoke(cli.app, arguments)
    assert result.exit_code == 0, result.output
    return result.output


def test_a_list_waits_until_somebody_approves_it(shop: settings.Settings):
    waiting = {
        (DAY, "win_back", 1): "waiting for approval",
        (DAY, "win_back", 2): "held out",
        (DAY, "vip", 1): "approved",  # needs no approval
    }
    assert states() == waiting
    found = approving.approve("win_back", "anna", shop)
    assert (found.as_of_date, found.state) == (DAY, "approved by anna")
    assert states() == waiting | {(DAY, "win_back", 1): "approved"}
    assert states("action_list_history")[BEFORE, "win_back", 1] == "waiting for approval"
    assert approving.approve("win_back", "bert", shop).approved_by == "anna"
    assert approving.revoke("win_back", "bert", shop) == 1
    assert states() == waiting
    columns = "list_name, as_of_date, approved_by, revoked_by, approved_at <= revoked_at"
    assert db.rows(f"select {columns} from {tables.LIST_APPROVALS}") == [("win_back", DAY, "anna", "bert", True)]
    assert approving.approve("win_back", "carl", shop).approved_by == "carl"


def test_a_standing_approval_is_for_every_date(shop: settings.Settings):
    found = approving.approve("win_back", "anna", shop, standing=True)
    assert found.state == "approved by anna for every date"
    of_places = {key: state for key, state in states("action_list_history").items() if key[2] == 1}
    assert set(of_places.values()) == {"approved"}
    approving.approve("win_back", "bert", shop, BEFORE)
    assert approving.revoke("win_back", "bert", shop, standing=True) == 1
    assert states("action_list_history")[BEFORE, "win_back", 1] == "approved"
    with pytest.raises(ClvError, match=f"the list win_back has no approval for {DAY} that could be revoked"):
        approving.revoke("win_back", "bert", shop, DAY)
    with pytest.raises(ClvError, match="no approval for every date"):
        approving.revoke("win_back", "bert", shop, standing=True)


@pytest.mark.parametrize(("state", "expected"), [("sent", "exported"), ("sending", "approved")])
def test_who_was_sent_is_exported_even_if_the_approval_is_revoked_later(
    shop: settings.Settings, state: str, expected: str
):
    approving.approve("win_back", "anna", shop)
    with db.connect() as connection:
        connection.execute(
            f"""insert into {tables.EXPORTS} (list_name, as_of_date, customer_key, destination, run_id, channel, batch,
                idempotency_key, state) values ('win_back', %s, %s, 'crm', %s, 'email', 1, 'k', %s)""",
            (DAY, raw_rows.customer("a"), f"{DAY}.2", state),
        )
    assert states()[DAY, "win_back", 1] == expected
    assert states()[DAY, "vip", 1] == "approved"  # another list of the same customer
    approving.revoke("win_back", "anna", shop)
    assert states()[DAY, "win_back", 1] == ("exported" if state == "sent" else "waiting for approval")


def test_a_list_goes_out_to_those_who_may_be_contacted_and_shows_it(shop: settings.Settings):
    a = raw_rows.customer("a")
    with db.connect() as connection:
        connection.execute(
            "insert into pii.customers (customer_key, source, customer_id) values (%s, 'orders', 'ann')", (a,)
        )
    exported.declare(shop, "crm", to="file", columns=["customer_id", "reason"])
    assert export("vip", "crm", shop).left_out == {"no consent": 1}
    with db.connect() as connection:
        connection.execute(
            """insert into analytics_runs.dim_customer (as_of_date, run_id, customer_key, orders_count, tenure_days,
                may_be_contacted) values (%s, %s, %s, 1, 1, true)""",
            (DAY, f"{DAY}.2", a),
        )
    assert export("vip", "crm", shop).sent == 1
    with pytest.raises(ClvError, match="the list win_back of 2024-06-01 is not approved"):
        export("win_back", "crm", shop)
    assert states()[DAY, "vip", 1] == "exported"
    path = shop.home / "exports" / "crm" / "vip-2024-06-01.csv"
    assert path.read_text() == "customer_id,reason\nann,among the best\n"


def test_lists_and_dates_that_there_are_not(shop: settings.Settings):
    with pytest.raises(ClvError, match="there is no list lost at 2024-06-01; lists are win_back, vip"):
        approving.approve("lost", "anna", shop)
    with pytest.raises(ClvError, match="2024-04-01 is not published, or has no lists; `clv run --as-of DATE`"):
        reading.lists(shop, date(2024, 4, 1))


def test_members_are_shown_by_eight_characters_of_their_key(shop: settings.Settings):
    found = reading.members(reading.one("win_back", shop), shop)
    assert [(one.place, one.short_id, one.arm, one.reason) for one in found] == [
        (1, str(raw_rows.customer("a"))[:8], "act", "silent for 90 days"),
        (2, str(raw_rows.customer("b"))[:8], "hold out", "silent for 80 days"),
    ]


def test_the_commands(shop: settings.Settings):
    printed = clv("approve", "win_back", "--by", "anna")
    assert printed == (
        "win_back of 2024-06-01 approved by anna: 1 customers to act on, 1 held out, 50.00 GBP at stake\n"
    )
    header, *rows = clv("lists", "--csv").splitlines()
    assert header == "list,title,channel,customers,act,hold_out,at_stake,currency,state"
    assert rows == [
        "win_back,Win back,email,2,1,1,50.00,GBP,approved by anna",
        "vip,VIP,service,1,1,0,30.00,GBP,needs no approval",
    ]
    assert "Win back, 2024-06-01: write (approved by anna)" in clv("lists", "win_back")
    assert clv("lists", "vip", "--csv", "--as-of", "2024-05-01").splitlines()[1].endswith("act,30.00,,,among the best")
    clv("approve", "win_back", "--standing", "--by", "anna")
    assert clv("approve", "win_back", "--revoke", "--as-of", "2024-06-01", "--by", "bert") == (
        "win_back: 1 approval revoked by bert\n"
        "win_back of 2024-06-01: approved by anna for every date\n"  # so the list still goes out
    )
    assert clv("approve", "win_back", "--revoke", "--by", "bert") == (
        "win_back: 1 approval revoked by bert\nwin_back of 2024-06-01: waiting for approval\n"
    )


def test_the_command_shows_what_lists_have_earned(shop: settings.Settings):
    refused = CliRunner().invoke(cli.app, ["lists", "--earned"])
    assert str(refused.exception) == (
        "no read-out of lists yet; `clv lists` shows the lists, and a run reads them out: `clv run --as-of DATE`"
    )
    assert earnings.read_all(shop) == 0
    with db.connect() as connection:
        connection.execute(
            """update ops.list_earnings set entered = 9, message = 'Not shown yet.', difference = 1.25
            where list_name = 'win_back' and metric = 'profit'"""
        )
    shown = clv("lists", "--earned")
    assert "1.25" in shown
    assert shown.splitlines()[-1] == "win_back: Not shown yet."  # nothing of lists that never went out
    header, *rows = clv("lists", "win_back", "--earned", "--csv").splitlines()
    assert header.startswith("list_name,title,metric,as_of_date,state,")
    assert [row.split(",")[:3] for row in rows] == [
        ["win_back", "Win back", one] for one in ("profit", "revenue", "orders")
    ]
