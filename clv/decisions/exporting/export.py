"""`clv export`: sends an approved list, or an arm of an experiment, to a destination, each customer once, and gives a
receipt.

A customer goes out if the list has them in the arm `act` and somebody approved it, or if they are in the arm of an
experiment that is not over; and if they may be contacted by the newest published date, were not erased, and were not
contacted too often. What a killed export did not confirm is sent again first, with the same key.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

import psycopg

from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.decisions.exporting import arms, columns, declaration, files, ledger, other_tables, services
from clv.decisions.exporting.declaration import Declaration, File, Http, Table
from clv.decisions.exporting.ledger import Batch, Listed, Scope
from clv.sources.fetching.secrets import Secrets
from clv.sources.fetching.service import Refused, Service
from clv.transform import dbt
from clv.warehouse import db, locks, publication
from clv.warehouse.roles import EXPORTER

TOO_OFTEN, NO_EMAIL = "contacted often enough", "no e-mail address"
Send = Callable[[Scope, Batch, Sequence[dict[str, Any]]], None]


class NotApproved(ClvError):  # noqa: N818 - what the list is
    """Nobody approved the list for its date."""


@dataclass
class Receipt:
    """What an export did.

    - batches: those it sent, each with the customers who went out
    - repeated: how many of these customers may have gone out before, by an export that was interrupted
    - earlier: customers who had gone out before
    - left_out: customers of the list or arm who did not go out, by reason
    - unsure: customers whose sending was interrupted and not repeated, since they may no longer be contacted or the
      destination refused the repetition
    - refused: what the destination said of repetitions that it refused
    - unfinished: other dates of the list whose export was interrupted
    """

    scope: Scope
    batches: list[tuple[Batch, list[UUID]]] = field(default_factory=list)
    repeated: int = 0
    earlier: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    unsure: int = 0
    refused: list[str] = field(default_factory=list)
    unfinished: list[date] = field(default_factory=list)

    @property
    def sent(self) -> int:
        """How many customers went out."""
        return sum(len(sent) for _, sent in self.batches)


class _Work(NamedTuple):
    home: Settings
    connection: psycopg.Connection
    declared: Declaration
    send: Send
    receipt: Receipt


def export(name: str, destination: str, home: Settings, as_of: date | None = None) -> Receipt:
    """Exports a list of a published date (default: the latest), or an arm of an experiment, named EXPERIMENT.ARM. A
    second call for the same name and destination waits until the first has ended. Erasures and rotations of the key
    wait for it, and it waits for them.

    Raises NotApproved, ClvError, or Unavailable if the destination may answer later: what was confirmed stays sent, and
    the next call continues. After Refused, which is a ClvError too, the next call sends again what was refused.
    """
    declared, url = declaration.load(destination, home), home.url_as(EXPORTER)
    with (
        db.lock(locks.CUSTOMERS, url, shared=True),
        db.lock(f"export {name} to {destination}", url),
        db.connect(url, autocommit=True) as connection,
        _sender(declared, home) as send,
    ):
        arm = ledger.arm_of(name)
        published = publication.current(None if arm else as_of, connection)
        if published is None:
            remedy = f"`clv run --as-of {as_of}`" if as_of else "a run"
            raise ClvError(f"{as_of or 'no date'} is not published, so no list can be exported; start {remedy}")
        scope = Scope(name, published.as_of_date, destination)
        receipt = Receipt(arms.scope(scope, arm, as_of, connection, home) if arm else scope)
        try:
            if not arm:
                _require_approved(connection, receipt.scope)
                # Before anything is sent: who is sent something and orders may be on no later list to count from.
                ledger.enter(connection, receipt.scope, published.run_id)
            work = _Work(home, connection, declared, send, receipt)
            _repeat(work)
            _continue(work, published.run_id)
            receipt.unfinished = ledger.unfinished_dates(connection, receipt.scope)
        except psycopg.errors.UndefinedTable:
            raise ClvError("the warehouse lacks tables of lists or consents; run `clv up`, then start a run") from None
    return receipt


def _require_approved(connection: psycopg.Connection, scope: Scope) -> None:
    is_approved = ledger.is_approved(connection, scope)
    if is_approved is None:
        raise ClvError(
            f"{scope.as_of_date} has no list {scope.list_name}; `clv lists --as-of {scope.as_of_date}` shows its lists"
        )
    if not is_approved:
        raise NotApproved(
            f"the list {scope.list_name} of {scope.as_of_date} is not approved; look at it, then approve it: "
            f"clv approve {scope.list_name} --as-of {scope.as_of_date}"
        )


def _repeat(work: _Work) -> None:
    """Sends what an interrupted export did not confirm, without those who may no longer be contacted."""
    for batch in ledger.unfinished(work.connection, work.receipt.scope):
        taken = set(batch.customers)
        found = _listed(work, batch.run_id)
        customers = [one for one in found if one.customer_key in taken]
        work.receipt.repeated += _send(work, batch, customers, is_repeated=True)


def _listed(work: _Work, run_id: str) -> list[Listed]:
    """The customers of the list or arm, with the persons of the newest published date: a customer of several ids may
    have the address of another id, and it must not matter for which date a run was built last."""
    newest = publication.current(None, work.connection)
    with dbt.persons_of(newest.as_of_date if newest else None, work.home):
        return ledger.listed(work.connection, work.receipt.scope, run_id)


def _continue(work: _Work, run_id: str) -> None:
    """Sends those of the list or arm who did not go out yet."""
    scope, receipt, cap = work.receipt.scope, work.receipt, work.declared.cap
    known = ledger.known(work.connection, scope)
    receipt.earlier = len(known) - receipt.sent - receipt.unsure
    ready = []
    for customer in _listed(work, run_id):
        if customer.customer_key in known:
            continue
        if reason := _left_out(customer, work.declared):
            receipt.left_out[reason] += 1
        else:
            ready.append(customer)
    for first in range(0, len(ready), work.declared.batch_rows):
        part = ready[first : first + work.declared.batch_rows]
        batch = ledger.add(work.connection, scope, run_id, part, *((cap.contacts, cap.days) if cap else ()))
        if too_often := len(part) - len(batch.customers):
            receipt.left_out[TOO_OFTEN] += too_often
        if batch.customers:
            added = set(batch.customers)
            _send(work, batch, [one for one in part if one.customer_key in added], is_repeated=False)


def _send(work: _Work, batch: Batch, customers: Sequence[Listed], is_repeated: bool) -> int:
    """Sends a batch and confirms it; returns how many customers went out. Customers of the batch who may not go out
    become unsure.

    is_repeated: whether an interrupted export may have sent it. If not, and the destination refuses it, it has taken
    none of the customers: they are released, and Refused is raised. Otherwise nobody knows, and all become unsure.
    """
    going = [one for one in customers if not _left_out(one, work.declared)]
    if going:
        rows = [columns.values(one, work.receipt.scope, work.declared.columns) for one in going]
        try:
            work.send(work.receipt.scope, batch, rows)
        except Refused as error:
            if not (is_repeated or error.may_be_taken):
                ledger.release(work.connection, work.receipt.scope, batch)
                raise
            work.receipt.refused.append(str(error))
            going = []
    sent = [one.customer_key for one in going]
    ledger.confirm(work.connection, work.receipt.scope, batch, sent)
    work.receipt.batches.append((batch, sent))
    work.receipt.unsure += len(batch.customers) - len(sent)
    return len(sent)


def _left_out(customer: Listed, declared: Declaration) -> str | None:
    if customer.left_out:
        return customer.left_out
    return NO_EMAIL if declared.needs_email and not customer.email else None


@contextmanager
def _sender(declared: Declaration, home: Settings) -> Iterator[Send]:
    """Gives the function that sends a batch. Sending a batch again changes nothing at the destination."""
    secrets = Secrets(home)
    match declared:
        case File():
            yield partial(files.send, home)
        case Table():
            yield partial(other_tables.send, declared, secrets)
        case Http():
            with Service(declared, secrets) as service:
                yield partial(services.send, service)


def messages(receipt: Receipt, home: Settings) -> list[str]:
    """Returns the receipt in lines: what went out, and who did not."""
    scope, sent = receipt.scope, receipt.sent
    what = f"{scope.list_name} of {scope.as_of_date} to {scope.destination}"
    lines = [f"exported   {what}: {sent:,} customer{'' if sent == 1 else 's'}"]
    if receipt.repeated:
        lines.append(f"repeated   {receipt.repeated:,} of them, whose sending was interrupted")
    for batch, customers in receipt.batches:
        path = files.place(home, scope, batch.number)
        if customers and path.exists():
            lines.append(f"file       {path}")
    if receipt.earlier:
        lines.append(f"earlier    {receipt.earlier:,} had gone out before")
    lines += [f"left out   {count:,}: {reason}" for reason, count in sorted(receipt.left_out.items())]
    if receipt.unsure:
        lines.append(f"unsure     {receipt.unsure:,} may have gone out; sending them was interrupted, and not repeated")
    lines += [f"note:      {one}" for one in receipt.refused]
    for day in receipt.unfinished:
        again = f"`clv export {scope.list_name} --to {scope.destination} --as-of {day}`"
        lines.append(f"note:      the export of {day} was interrupted; {again} continues it")
    return lines
