"""Which ids are one person, by the addresses that they share. Works on digests alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import combinations
from typing import NamedTuple
from uuid import UUID

MOST = 50  # ids that may share an address. One of more, such as a marketplace's, names no person.
NEEDS_NAMES = ("device",)  # kinds of addresses that several persons often share: equal names have to be beside them


class Seen(NamedTuple):
    """An address of an id in a file: digests of the address and of the name beside it, and the earliest day."""

    kind: str
    digest: bytes
    key: UUID
    given: bytes | None
    whole: bytes | None
    known_on: date


class Link(NamedTuple):
    """Two ids that are one person by a rule, for dates after known_on and up to until_on."""

    key: UUID
    other: UUID
    rule: str
    known_on: date
    until_on: date | None = None


@dataclass
class _Account:
    """An id with an address: the earliest day, and the names beside the address."""

    key: UUID
    known_on: date
    given: set[bytes] = field(default_factory=set)
    whole: set[bytes] = field(default_factory=set)

    @property
    def is_named(self) -> bool:
        """Whether one given name is known. An id with several may be shared."""
        return len(self.given) == 1

    def has_name_of(self, other: _Account) -> bool:
        """Whether both have one given name, or all parts of one name in any order."""
        return bool(self.given & other.given or self.whole & other.whole)


def links(seen: Iterable[Seen], splits: Mapping[UUID, date] | None = None) -> list[Link]:
    """The links between ids that share an address, in a fixed order.

    splits: the day on which an id was split off. From then on, the other ids are linked as if it had no address.
    """
    splits = splits or {}
    shared: dict[tuple[str, bytes], list[Seen]] = defaultdict(list)
    for one in seen:
        shared[one.kind, one.digest].append(one)
    found: dict[tuple[UUID, UUID, str, date], Link] = {}
    for (kind, _), rows in shared.items():
        accounts = _accounts(rows)
        of_address = until_split(_of_address(kind, accounts), splits)
        if days := [splits[account.key] for account in accounts if account.key in splits]:
            others = _of_address(kind, [account for account in accounts if account.key not in splits])
            of_address += [later for link in others if (later := _from(link, max(days)))]
        for link in of_address:
            kept = found.get(link[:4])
            if kept is None or kept.until_on and (link.until_on is None or link.until_on > kept.until_on):
                found[link[:4]] = link
    return sorted(found.values(), key=lambda link: link[:4])


def until_split(found: Iterable[Link], splits: Mapping[UUID, date]) -> list[Link]:
    """These links, each up to the day on which one of its ids was split off. Those of later days go, unless the shop
    states them: it knows of the split."""
    kept = []
    for link in found:
        days = [splits[key] for key in link[:2] if key in splits]
        if days and link.rule == "merges" and link.known_on > max(days):
            days = []
        until_on = min([*days, *filter(None, [link.until_on])], default=None)
        if until_on is None or link.known_on < until_on:
            kept.append(link._replace(until_on=until_on))
    return kept


def _from(link: Link, day: date) -> Link | None:
    """The link from a day on; None if it has ended by then."""
    known_on = max(link.known_on, day)
    return link._replace(known_on=known_on) if link.until_on is None or known_on < link.until_on else None


def _accounts(rows: Iterable[Seen]) -> list[_Account]:
    """The ids of an address by the day on which they were first seen with it."""
    found: dict[UUID, _Account] = {}
    for row in rows:
        account = found.setdefault(row.key, _Account(row.key, row.known_on))
        account.known_on = min(account.known_on, row.known_on)
        account.given.update(filter(None, [row.given]))
        account.whole.update(filter(None, [row.whole]))
    return sorted(found.values(), key=lambda account: (account.known_on, account.key))


def _of_address(kind: str, accounts: list[_Account]) -> list[Link]:
    """The links of one address.

    Until two names contradict each other, all ids with the address are one person. From then on, several persons share
    it, so only ids whose names agree are linked: which of them ordered without a name is not known.
    """
    end = accounts[MOST].known_on if len(accounts) > MOST else None
    contradictions = [
        *(account.known_on for account in accounts if len(account.given) > 1),
        *(max(one.known_on, other.known_on) for one, other in _named(accounts) if not one.has_name_of(other)),
    ]
    disputed = min(contradictions, default=None)
    if kind in NEEDS_NAMES:
        pairs = [(one, other, None) for one, other in _named(accounts) if one.whole & other.whole]
    else:
        pairs = [(one, other, None) for one, other in _named(accounts) if one.has_name_of(other)]
        pairs += [(accounts[0], other, disputed) for other in accounts[1:]]
    found = []
    for one, other, until in pairs:
        known_on = max(one.known_on, other.known_on)
        until_on = min(filter(None, (until, end)), default=None)
        if until_on is None or known_on < until_on:
            found.append(Link(one.key, other.key, kind, known_on, until_on))
    return found


def _named(accounts: list[_Account]) -> Iterable[tuple[_Account, _Account]]:
    return combinations([account for account in accounts if account.is_named], 2)
