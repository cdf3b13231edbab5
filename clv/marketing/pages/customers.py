"""The page Customers: finds one, shows what is known of her, and filters many, from which a list may be made."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from decimal import Decimal
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

import psycopg
from fastapi import APIRouter, Form, HTTPException, Query, Request, Response

from clv.core import settings
from clv.core.errors import ClvError
from clv.decisions.customers import filters, finding, reading
from clv.decisions.customers.filters import After
from clv.decisions.lists import saving
from clv.decisions.lists.saving import NewList
from clv.marketing import acts, frame
from clv.marketing.rights import MARKETER
from clv.marketing.signed_in import Acting, Looking, Refused, User
from clv.sources.kinds.mappings import known_sources
from clv.warehouse import db

router = APIRouter(prefix="/customers")
SECONDS, SECONDS_OF_CHANGES = 5, 60  # that a query may take
# Digits that are few enough to be counted with: 1e999999999 as a whole number has a billion of them.
_VALUE = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,40})?")
_CAP, _PERCENT = re.compile(r"([0-9]{1,8})"), re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,6})?) *%?")
Texts = Annotated[list[str], Query()]


@router.get("")
def search(
    request: Request,
    user: Looking,
    q: str = "",
    key: Annotated[list[UUID], Query()] = [],  # noqa: B006 - FastAPI copies it
    tier: Texts = [],  # noqa: B006
    segment: Texts = [],  # noqa: B006
    stage: Texts = [],  # noqa: B006
    risk: Texts = [],  # noqa: B006
    category: Texts = [],  # noqa: B006
    order: str = "value",
    after: str = "",
    message: str = "",
) -> Response:
    """Whom a search found, or a page of the customers who meet a filter. q: an order number, a short id or a key.
    key: those whom an e-mail address found. message: what an act did, by the name of its sentence."""
    home = settings.located()
    chosen = filters.checked({"tier": tier, "segment": segment, "stage": stage, "risk": risk, "category": category})
    if order not in filters.ORDERS:
        raise HTTPException(400, f"customers are ordered by {' or '.join(filters.ORDERS)}, not by {order}")
    with _reading(home) as connection:
        if q or key:
            found = finding.find(connection, q, list(known_sources(home))) if q else _of(connection, key)
            if len(found) == 1:
                return frame.to(request, f"/customers/{found[0].customer_key}")
            return frame.page(request, user, "customers_found.html", q=q, found=found, by_email=_by_email(user, home))
        rows = filters.customers(connection, chosen, order, _after(after))
        number, more = filters.number(connection, chosen)
        facts = {"rows": rows, "number": number, "more": more, "choices": filters.choices(connection)}
    saved = saving.saved(home)
    query = {**chosen, "order": order}
    following = filters.following(rows, order)
    facts |= {
        "chosen": chosen, "order": order, "is_first": not after, "message": message,
        "first": urlencode(query, doseq=True),
        "following": following and urlencode({**query, "after": _written(following)}, doseq=True),
        "saved": [*zip(saved, saving.problems([one.rule for one in saved], home), strict=True)],
        "channels": saving.channels(saved),
        "by_email": _by_email(user, home),
    }  # fmt: skip
    return frame.page(request, user, "customers.html", **facts)


@router.post("/by-email")
def search_by_email(request: Request, user: Acting, email: Annotated[str, Form()]) -> Response:
    """Finds the customers with an e-mail address, which no address of a page and no log has."""
    home = settings.located()
    if not _by_email(user, home):
        raise Refused(f"{user.name} may not find customers by e-mail address; search by an order number instead")
    keys = finding.keys_of_address(email, home)
    with _reading(home) as connection:
        found = finding.published(connection, keys)
    acts.record(user.name, "find by e-mail", "customers", f"{len(found)} found", home)
    if not found:
        return frame.to(request, "/customers?message=nobody")
    return frame.to(request, f"/customers?{urlencode({'key': found[: finding.MOST]}, doseq=True)}")


@router.post("/lists")
def save(
    request: Request,
    user: Acting,
    name: Annotated[str, Form()] = "",
    title: Annotated[str, Form()] = "",
    channel: Annotated[str, Form()] = "",
    action: Annotated[str, Form()] = "",
    cap: Annotated[str, Form()] = "",
    holdout: Annotated[str, Form()] = "",
    tier: Annotated[list[str], Form()] = [],  # noqa: B006
    segment: Annotated[list[str], Form()] = [],  # noqa: B006
    stage: Annotated[list[str], Form()] = [],  # noqa: B006
    risk: Annotated[list[str], Form()] = [],  # noqa: B006
    category: Annotated[list[str], Form()] = [],  # noqa: B006
) -> Response:
    """Saves a filter as a list, which the next run makes. cap: customers, empty for no limit. holdout: percent."""
    chosen = filters.checked({"tier": tier, "segment": segment, "stage": stage, "risk": risk, "category": category})
    new = NewList(
        name.strip(), title.strip(), filters.rule(chosen), channel.strip(), action.strip(),
        int(_number("most customers", cap, _CAP)) if cap.strip() else None,
        Decimal(_number("hold-out", holdout, _PERCENT)) / 100,
        filters.reason(chosen),
    )  # fmt: skip
    home = settings.located()
    with db.connect(home.warehouse_url) as connection:
        saving.save(new, user.name, home, over=connection)
        what = f"{new.list_name} is saved: {new.rule}"
        acts.record(user.name, "save", f"list {new.list_name}", what, home, over=connection)
    return frame.to(request, f"/customers?{urlencode({**chosen, 'message': 'saved'}, doseq=True)}")


@router.post("/lists/{name}/remove")
def remove(request: Request, user: Acting, name: str) -> Response:
    """Removes a saved list."""
    home = settings.located()
    with db.connect(home.warehouse_url) as connection:
        saving.remove(name, user.name, home, over=connection)
        what = f"{name} is removed, and its approvals are revoked"
        acts.record(user.name, "remove", f"list {name}", what, home, over=connection)
    return frame.to(request, "/customers?message=removed")


@router.get("/{key}")
def customer(request: Request, user: Looking, key: str, at: datetime | None = None, order: str = "") -> Response:
    """What is known of a customer; of a short id, whom it finds. at, order: the last order of the page of orders
    before."""
    try:
        of = UUID(key)
    except ValueError:
        return frame.to(request, f"/customers?{urlencode({'q': key})}")
    with _reading(settings.located()) as connection:
        facts = {
            "one": reading.customer(connection, of),
            "values": reading.history(connection, of),
            "orders": reading.orders(connection, of, (at, order) if at else None),
            "lists": reading.lists(connection, of),
            "sent": reading.sent(connection, of),
            "experiments": reading.experiments(connection, of),
        }
    last = facts["orders"][-1] if len(facts["orders"]) == reading.PAGE else None
    facts["following"] = last and urlencode({"at": last.ordered_at.isoformat(), "order": last.order_key})
    return frame.page(request, user, "customer.html", is_first=at is None, line=line(facts["values"]), **facts)


@router.get("/{key}/changes")
def changes(request: Request, user: Looking, key: UUID) -> Response:
    """What changed of a customer since earlier published dates, and why."""
    with _reading(settings.located(), SECONDS_OF_CHANGES) as connection:
        one, found = reading.customer(connection, key), reading.changes(connection, key)
    return frame.page(request, user, "customer_changes.html", one=one, changes=found)


def line(values: list[reading.Value], width: int = 600, height: int = 120) -> str:
    """The points of a line through the forecasts of a history, as SVG writes them: dates from left to right, money from
    0 at the bottom to the highest at the top. Empty with fewer than two forecasts."""
    drawn = [(one.as_of_date.toordinal(), float(one.predicted_clv)) for one in values if one.predicted_clv is not None]
    if len(drawn) < 2:
        return ""
    first, last, top = drawn[0][0], drawn[-1][0], max(money for _, money in drawn) or 1
    return " ".join(
        f"{width * (day - first) / (last - first):.1f},{height * (1 - money / top):.1f}" for day, money in drawn
    )


@contextmanager
def _reading(home: settings.Settings, seconds: int = SECONDS) -> Iterator[psycopg.Connection]:
    """A connection with an analyst's rights, on which a query may take so many seconds."""
    with db.connect(home.analyst_url) as connection:
        connection.read_only = True
        connection.execute("select set_config('statement_timeout', %s, true)", (f"{seconds}s",))
        yield connection


def _by_email(user: User, home: settings.Settings) -> bool:
    """Whether somebody may find customers by e-mail address."""
    return user.may_act and (user.role != MARKETER or home.shop.marketers_find_by_email)


def _of(connection: psycopg.Connection, keys: list[UUID]) -> list[finding.Found]:
    return [finding.Found(key, "the e-mail address") for key in finding.published(connection, keys)]


def _written(last: After) -> str:
    return f"{'' if last.value is None else format(last.value, 'f')},{last.key}"


def _after(text: str) -> After | None:
    """The last customer of the page before, from the address of this one. Raises HTTPException if it cannot be read."""
    if not text:
        return None
    value, _, key = text.partition(",")
    with suppress(ValueError):
        if not value or _VALUE.fullmatch(value):
            return After(Decimal(value) if value else None, UUID(key))
    raise HTTPException(400, "the address of this page was changed; begin with the first page of the filter")


def _number(what: str, text: str, form: re.Pattern[str]) -> str:
    """The number in a field of a form. Raises ClvError if it has another form."""
    if found := form.fullmatch(text.strip()):
        return found[1]
    raise ClvError(f"{what}: {text[:20] or 'an empty text'} cannot be read as a number; write one such as 10")
