"""What the shop decides about ids: proposals that somebody accepts or refuses, and ids that are split off a person.

Decisions are rows of ops.identity_decisions, of which the newest counts. The next run follows them.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from datetime import date, datetime
from itertools import combinations
from typing import NamedTuple
from uuid import UUID

import psycopg

from clv.catalog import tables
from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.sources.identities import normal, proposing
from clv.sources.identities.joining import Link
from clv.sources.identities.proposing import Account
from clv.warehouse import db, identities, locks

ACCEPTED, REFUSED, SPLIT = "accepted", "refused", "split"


class Candidate(NamedTuple):
    """A proposal with the shop's ids, and the code by which it is accepted or refused."""

    code: str
    customer_id: str
    other_id: str
    probability: float
    reasons: tuple[str, ...]
    pair: tuple[UUID, UUID]


class Decisions(NamedTuple):
    """The decisions that count: links of accepted pairs, refused pairs, and the day on which each id was split off."""

    links: list[Link]
    refused: set[frozenset[UUID]]
    splits: dict[UUID, date]


def decisions(connection: psycopg.Connection) -> Decisions:
    """Reads the newest decision about each pair and each id. A pair that was accepted before one of its ids was split
    off is not joined any more."""
    pairs: dict[frozenset[UUID], tuple[str, date, datetime]] = {}
    splits: dict[UUID, tuple[date, datetime]] = {}
    query = f"""
        select customer_key, other_key, decision, day, decided_at from {tables.IDENTITY_DECISIONS} order by decision_id
    """  # noqa: S608 - our own names
    for key, other, decision, day, decided_at in connection.execute(query).fetchall():
        if decision == SPLIT:
            splits[key] = (day, decided_at)
        else:
            pairs[frozenset({key, other})] = (decision, day, decided_at)
    links = []
    for pair, (decision, day, decided_at) in pairs.items():
        ended = [splits[key][0] for key in pair if key in splits and splits[key][1] > decided_at]
        until = min(ended, default=None)
        if decision == ACCEPTED and (until is None or day < until):
            key, other = sorted(pair)
            links.append(Link(key, other, "review", day, until))
    refused = {pair for pair, (decision, *_) in pairs.items() if decision == REFUSED}
    return Decisions(links, refused, {key: day for key, (day, _) in splits.items()})


def candidates(home: Settings) -> list[Candidate]:
    """The pairs of ids to review, most probable first."""
    with db.connect(home.warehouse_url) as connection:
        found, names = proposing.proposals(*_accounts(connection)), _ids(connection)
    return [
        Candidate(_code(one.key, one.other), names[one.key], names[one.other], *one[2:], (one.key, one.other))
        for one in found
    ]


def decide(code: str, decision: str, day: date, home: Settings) -> Candidate:
    """Accepts or refuses the proposal with this code, from a day on. Returns it. Raises ClvError if there is none."""
    found = next((one for one in candidates(home) if one.code == code), None)
    if found is None:
        raise ClvError(f"there is no proposal {code}; `clv identities review` lists them")
    _write(found.pair, decision, day, home)
    return found


def split(key: UUID, day: date, home: Settings) -> None:
    """Makes an id a person of its own from a day on. Raises ClvError if it is joined with no other id."""
    with db.connect(home.warehouse_url) as connection:
        if not identities.same_persons(connection, {key}) - {key}:
            raise ClvError("this id is joined with no other; give it as the shop's file has it, with --source")
    _write((key, None), SPLIT, day, home)


def _write(pair: tuple[UUID, UUID | None], decision: str, day: date, home: Settings) -> None:
    # Hold the shared customer lock, so that neither id is erased or renamed meanwhile.
    with db.lock(locks.CUSTOMERS, home.warehouse_url, shared=True), db.connect(home.warehouse_url) as connection:
        connection.execute(
            f"insert into {tables.IDENTITY_DECISIONS} (customer_key, other_key, decision, day) values (%s, %s, %s, %s)",  # noqa: S608 - our own names
            (*pair, decision, day),
        )


def _accounts(connection: psycopg.Connection) -> tuple[list[Account], set[frozenset[UUID]]]:
    """The ids with what is known of each, and the pairs that need no review."""
    digests: dict[UUID, set[tuple[str, bytes]]] = defaultdict(set)
    query = f"select distinct customer_key, kind, digest from {tables.ADDRESSES}"  # noqa: S608 - our own names
    for key, kind, digest in connection.execute(query).fetchall():
        digests[key].add((kind, digest))
    people = connection.execute(f"select customer_key, name, email from {tables.CUSTOMERS}").fetchall()  # noqa: S608 - our own names
    decided = decisions(connection)
    accounts = [
        Account(
            key,
            normal.name(name),
            frozenset(filter(None, [normal.email(email or "")])),
            frozenset(digests.get(key, ())),
        )
        for key, name, email in people
        if key not in decided.splits
    ]
    linked = identities.groups(
        connection.execute(f"select customer_key, other_key from {tables.IDENTITY_LINKS} where until_on is null")  # noqa: S608 - our own names
    )
    known = {frozenset(pair) for group in linked for pair in combinations(group, 2)}
    known |= decided.refused | {frozenset(link[:2]) for link in decided.links}
    return accounts, known


def _ids(connection: psycopg.Connection) -> dict[UUID, str]:
    return dict(connection.execute(f"select customer_key, customer_id from {tables.CUSTOMERS}").fetchall())  # noqa: S608 - our own names


def _code(key: UUID, other: UUID) -> str:
    """A short name of a pair."""
    return hashlib.sha256(key.bytes + other.bytes).hexdigest()[:8]
