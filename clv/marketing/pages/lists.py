"""The page Lists: the lists of a date, a page of each, and what may be done with it: approve, revoke, export."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response

from clv.core import settings
from clv.core.settings import Settings
from clv.decisions.exporting import declaration, ledger
from clv.decisions.exporting.ledger import Went
from clv.decisions.lists import approving, earnings, reading
from clv.marketing import acts, exports, frame
from clv.marketing.signed_in import Acting, Looking
from clv.warehouse import db
from clv.warehouse.roles import PUBLISHER

router = APIRouter(prefix="/lists")
SAMPLE, PLACES = 10, 100  # customers on the page of a list, and on each page of all of them
Day = Annotated[date | None, Form()]


@router.get("")
def every_list(request: Request, user: Looking, as_of: date | None = None) -> Response:
    """The lists of a published date (default: the newest one)."""
    home = settings.located()
    return frame.page(request, user, "lists.html", lists=reading.lists(home, as_of), earned=_earned(home))


@router.get("/{name}")
def one_list(request: Request, user: Looking, name: str, as_of: date | None = None, done: int = 0) -> Response:
    """A list: a sample of its customers, what went out, and the forms. done: the act whose result to show."""
    home = settings.located()
    found = reading.one(name, home, as_of)
    under_way = exports.is_under_way(name)  # asked before the log is read, so that one that has ended has its receipt
    log = acts.of(f"list {name}", home)
    return frame.page(
        request,
        user,
        "list.html",
        reload_after=2 if under_way else None,
        under_way=under_way,
        list=found,
        removed=approving.removed_at(name, home),
        members=reading.members(found, home, most=SAMPLE),
        destinations=declaration.declared(home),
        went=_went(name, found.as_of_date, home),
        earned=[one for one in _earned(home) if one["list_name"] == name],
        acts=log,
        result=_result(log, done, under_way),
    )


@router.get("/{name}/customers")
def customers(
    request: Request, user: Looking, name: str, as_of: date | None = None, after: Annotated[int, Query(ge=0)] = 0
) -> Response:
    """All customers of a list, page by page. after: the last place of the page before."""
    home = settings.located()
    found = reading.one(name, home, as_of)
    members = reading.members(found, home, after, PLACES + 1)
    following = members[PLACES - 1].place if len(members) > PLACES else None
    return frame.page(
        request, user, "list_customers.html", list=found, members=members[:PLACES], after=after, following=following
    )


@router.post("/{name}/approve")
def approve(
    request: Request, user: Acting, name: str, as_of: Day = None, standing: Annotated[bool, Form()] = False
) -> Response:
    """Approves the list for the date that the form shows, or for every date."""
    home = settings.located()
    with db.connect(home.warehouse_url) as connection:
        found = approving.approve(name, user.name, home, as_of, standing, over=connection)
        number = acts.record(user.name, "approve", f"list {name}", approving.message(found), home, over=connection)
    return frame.to(request, f"/lists/{name}?as_of={found.as_of_date}&done={number}")


@router.post("/{name}/revoke")
def revoke(request: Request, user: Acting, name: str, as_of: Day = None) -> Response:
    """Revokes every approval of the list that counts, so that nothing of it goes out any more."""
    home = settings.located()
    found = reading.one(name, home, as_of)
    with db.connect(home.warehouse_url) as connection:
        count = approving.revoke(name, user.name, home, over=connection)
        what = f"{name}: {count} approval{'s' if count > 1 else ''} revoked; what has gone out is not called back"
        number = acts.record(user.name, "revoke", f"list {name}", what, home, over=connection)
    return frame.to(request, f"/lists/{name}?as_of={found.as_of_date}&done={number}")


@router.post("/{name}/export")
def export(
    request: Request, user: Acting, name: str, destination: Annotated[str, Form()], as_of: Day = None
) -> Response:
    """Starts an export of the list's date to a destination. The page of the list shows its receipt."""
    home = settings.located()
    found = reading.one(name, home, as_of)
    number = exports.start((name, destination, found.as_of_date), user.name, home)
    return frame.to(request, f"/lists/{name}?as_of={found.as_of_date}&done={number}")


def _went(name: str, day: date, home: Settings) -> list[Went]:
    with db.connect(home.url_as(PUBLISHER)) as connection:
        return ledger.by_destination(connection, name, day)


def _earned(home: Settings) -> list[dict]:
    """What each list that ever went out has earned so far, by the metric that people see first."""
    return [one for one in earnings.earnings(home) if one["metric"] == earnings.FIRST and one["entered"]]


def _result(log: list[acts.Act], done: int, under_way: bool) -> acts.Act | None:
    """What to show of the act `done`: of an export, its receipt once there is one."""
    found = next((one for one in log if one.act_id == done), None)
    if found is None or found.act != "export":
        return found
    receipt = next((one for one in log if one.receipt_of == done), None)
    if receipt or under_way:
        return receipt or found
    lost = "and ended without a receipt, since the server or the warehouse stopped; export again to go on with it"
    return found._replace(act=exports.FAILED, detail=f"{found.detail}, {lost}")
