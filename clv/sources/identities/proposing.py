"""Proposes pairs of ids that may be one person, for somebody to accept or refuse.

The probability is that of Fellegi & Sunter 1969, "A theory for record linkage", Journal of the American Statistical
Association 64: the odds that two ids taken at random are one person, times the likelihood ratio of each comparison. How
often different persons agree (u) follows from the shop's own names and from its number of ids. How often one person's
ids agree (m) is assumed, because a small shop has too few known pairs to learn it from.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import combinations, permutations
from typing import NamedTuple
from uuid import UUID

from clv.sources.identities.joining import MOST
from clv.sources.identities.nicknames import are_forms_of_one
from clv.sources.identities.normal import Name

LEAST = 0.5  # probability from which a pair is proposed
COMMON = 30  # ids with one name, above which the name alone proposes nobody
RARE = 2000  # persons among whom a name that the shop has once is assumed to be found once
LONGEST_NAME = 4  # parts of a name that are looked for in an address
SHORTEST_LOCAL = 4  # letters before the @, below which addresses are not called alike


@dataclass(frozen=True)
class Account:
    """What is known of an id: its name, its e-mail addresses, and digests of all its addresses by kind."""

    key: UUID
    name: Name = Name()
    emails: frozenset[str] = frozenset()
    digests: frozenset[tuple[str, bytes]] = field(default=frozenset())


class Proposal(NamedTuple):
    """Two ids, the probability that they are one person, and what speaks for it, in words."""

    key: UUID
    other: UUID
    probability: float
    reasons: tuple[str, ...]


def proposals(accounts: Iterable[Account], known: Collection[frozenset[UUID]]) -> list[Proposal]:
    """The pairs to review, most probable first. known: pairs that are joined or were decided on already."""
    by_key = {account.key: account for account in accounts}
    counts = _Counts(by_key.values())
    found = []
    for pair in _candidates(by_key.values()):
        if pair in known:
            continue
        one, other = (by_key[key] for key in sorted(pair))
        compared = [_of_names(one.name, other.name, counts), *_of_addresses(one, other, counts.ids)]
        odds = 1 / max(counts.ids, 1)
        for comparison in compared:
            odds *= comparison.ratio
        probability = odds / (1 + odds)
        if probability >= LEAST:
            reasons = tuple(comparison.reason for comparison in compared if comparison.reason)
            found.append(Proposal(one.key, other.key, round(probability, 4), reasons))
    return sorted(found, key=lambda one: (-one.probability, one.key, one.other))


class _Comparison(NamedTuple):
    ratio: float  # how much likelier this is of one person than of two
    reason: str = ""


class _Counts:
    """How often names occur among a shop's ids."""

    def __init__(self, accounts: Collection[Account]) -> None:
        self.ids = len(accounts)
        self._whole = Counter(account.name.whole for account in accounts)
        self._given = Counter(account.name.given for account in accounts)

    def of_whole(self, name: Name) -> float:
        return (self._whole[name.whole] + 1) / (self.ids + RARE)

    def of_given(self, name: Name) -> float:
        return (self._given[name.given] + 1) / (self.ids + RARE)


def _of_names(one: Name, other: Name, counts: _Counts) -> _Comparison:
    if one.whole is None or other.whole is None:
        return _Comparison(1)
    if one.whole == other.whole:
        return _Comparison(0.75 / counts.of_whole(one), "the same name")
    family, others_family = _family(one), _family(other)
    if family == others_family and one.given and other.given:
        if are_forms_of_one(one.given, other.given):
            return _Comparison(0.1 / (20 * counts.of_whole(one)), "forms of the same name")
        if _one_edit(one.given, other.given):
            return _Comparison(0.1 / (20 * counts.of_whole(one)), "names that differ in one letter")
    if one.given == other.given and one.given:
        if _one_edit(family, others_family):
            return _Comparison(0.1 / (5 * counts.of_whole(one)), "names that differ in one letter")
        return _Comparison(0.05 / counts.of_given(one), "the same given name")
    return _Comparison(0.05)


def _of_addresses(one: Account, other: Account, ids: int) -> Iterator[_Comparison]:
    """u of an address is stated as a share of 1/ids: of that many pairs of different persons, one shares it."""
    same = {kind for kind, _ in one.digests & other.digests}
    if "email" in same:
        yield _Comparison(0.5 * ids / 0.2, "the same e-mail address")
    elif one.emails and other.emails:
        alike = any(
            _alike(mine, theirs) and (_differ_by_tag(mine, theirs) or not _are_spelled((mine, theirs), one, other))
            for mine in one.emails
            for theirs in other.emails
        )
        yield _Comparison(0.1 * ids / 0.2, "e-mail addresses that are alike") if alike else _Comparison(0.5)
    if "phone" in same:
        yield _Comparison(0.4 * ids / 0.2, "the same telephone number")
    if "device" in same:
        yield _Comparison(0.3 * ids / 0.5, "the same device")


def _candidates(accounts: Collection[Account]) -> set[frozenset[UUID]]:
    """The pairs that share a name or an address, or whose e-mail addresses are alike."""
    blocks: dict[object, set[UUID]] = defaultdict(set)
    for account in accounts:
        if account.name.whole:
            blocks["name", account.name.whole].add(account.key)
        for address in account.digests:
            blocks[address].add(account.key)
        for email in account.emails:
            for form in _forms(email):
                blocks["alike", form].add(account.key)
    most = {"name": COMMON}
    return {
        frozenset(pair)
        for block, keys in blocks.items()
        if 1 < len(keys) <= most.get(block[0], MOST)  # type: ignore[index]
        for pair in combinations(keys, 2)
    }


def _forms(email: str) -> Iterator[str]:
    """The address with each of its letters left out, and its local part alone: two addresses of which one is alike to
    the other have one of these in common."""
    local, _, domain = email.partition("@")
    plain = local.partition("+")[0].replace(".", "")
    if len(plain) < SHORTEST_LOCAL:
        return
    yield plain
    for text in (local, plain):
        yield f"{text}@{domain}"
        for place in range(len(text)):
            yield f"{text[:place]}{text[place + 1 :]}@{domain}"
    for place in range(len(domain)):
        yield f"{local}@{domain[:place]}{domain[place + 1 :]}"


def _alike(email: str, other: str) -> bool:
    """Whether addresses differ in one letter, or only in points, a tag or the provider."""
    (local, _, domain), (others_local, _, others_domain) = email.partition("@"), other.partition("@")
    plain, others_plain = (text.partition("+")[0].replace(".", "") for text in (local, others_local))
    if min(len(plain), len(others_plain)) < SHORTEST_LOCAL:
        return False
    if plain == others_plain:
        return True
    return _one_edit(local, others_local) and domain == others_domain


def _differ_by_tag(email: str, other: str) -> bool:
    """Whether two addresses differ in their tags alone, as in anna@ and anna+orders@ of one provider."""
    (local, _, domain), (others_local, _, others_domain) = email.partition("@"), other.partition("@")
    return domain == others_domain and local.partition("+")[0] == others_local.partition("+")[0]


def _are_spelled(emails: tuple[str, str], *accounts: Account) -> bool:
    """Whether the part before the @ of both addresses is a name of these ids, such as anna.berg7 of Anna Berg. Such
    addresses of two persons with one name are alike too, so they say no more than the name."""
    spelled = {
        "".join(parts)
        for account in accounts
        for parts in permutations((account.name.whole or "").split()[:LONGEST_NAME])
    }
    locals_ = (email.partition("@")[0].partition("+")[0] for email in emails)
    return all("".join(filter(str.isalpha, local)) in spelled for local in locals_)


def _family(name: Name) -> str:
    """The parts of a name without the given name."""
    parts = (name.whole or "").split()
    if name.given in parts:
        parts.remove(name.given)
    return " ".join(parts)


def _one_edit(one: str, other: str) -> bool:
    """Whether a letter was added, left out or replaced, or two neighbours were swapped, in a text of three or more."""
    if one == other or min(len(one), len(other)) < 3:
        return False
    shorter, longer = sorted((one, other), key=len)
    start = next((at for at, (a, b) in enumerate(zip(shorter, longer, strict=False)) if a != b), len(shorter))
    if len(shorter) == len(longer):
        swapped = shorter[:start] + shorter[start : start + 2][::-1] + shorter[start + 2 :]
        return shorter[start + 1 :] == longer[start + 1 :] or swapped == longer
    return len(longer) - len(shorter) == 1 and shorter[start:] == longer[start + 1 :]
