"""Measures which duplicate persons are joined and proposed: python -m benchmarks.identities [--persons N] [--seed S]

Draws a shop of persons with one id each, and plants pairs of ids of twelve kinds (PLANTED): ten of one person, and two
of two persons who share something (TWO_PERSONS). Prints the table of docs/identities.md: for each kind, how many pairs
the rules join and how many are proposed, and the precision and recall of both. Names are drawn from short lists, so
many persons share one.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date
from itertools import combinations
from typing import NamedTuple
from uuid import UUID

from clv.sources.identities import gathered, joining, normal, proposing
from clv.sources.identities.joining import Seen
from clv.sources.identities.proposing import Account
from clv.warehouse import identities

GIVEN = """
Robert Susan William Margaret Thomas Elizabeth Michael Patricia James Jennifer Anna Lukas Emma Felix Clara Jonas Laura
David Julia Simon Nina Oscar Paula Erik Greta Hugo Ida Karl Lena Max Nora Otto Petra Quentin Rosa Sven Tara
""".split()  # noqa: SIM905 - shorter than a list
NICKNAMES = {
    "Robert": "Bob", "Susan": "Sue", "William": "Bill", "Margaret": "Peggy", "Thomas": "Tom", "Elizabeth": "Liz",
    "Michael": "Mike", "Patricia": "Trish", "James": "Jim", "Jennifer": "Jen",
}  # fmt: skip
SYLLABLES = "ber del fan gar hol kes lin mar nor pel ros sten tor val wes".split()  # noqa: SIM905 - shorter than a list
PROVIDERS = ("gmail.com", "outlook.com", "shop.example", "post.example", "mail.example")


class Row(NamedTuple):
    """An id with what an order states about it. person: who it truly is. planted: the kind of its pair."""

    key: UUID
    person: int
    planted: str
    name: str
    email: str
    phone: str
    device: str


class Drawn(NamedTuple):
    given: str
    family: str
    local: str
    domain: str
    phone: str
    device: str


def shop(persons: int, pairs: int, seed: int) -> list[Row]:
    """The ids of a shop: persons with one id each, and pairs of ids of each kind in PLANTED."""
    source, taken, rows = random.Random(seed), set(), []  # noqa: S311 - a simulation

    def add(planted: str, person: int, one: Drawn, **changes: str) -> None:
        stated = {
            "name": f"{one.given} {one.family}", "email": f"{one.local}@{one.domain}", "phone": one.phone,
            "device": one.device, **changes,
        }  # fmt: skip
        rows.append(Row(UUID(int=len(rows) + 1), person, planted, **stated))

    number = 0
    for number in range(persons):
        add("alone", number, _drawn(source, taken))
    for kind in PLANTED:
        for _ in range(pairs):
            number += 1
            one = _drawn(source, taken, **OF_KIND.get(kind, {}))
            add(kind, number, one)
            number += kind in TWO_PERSONS
            add(kind, number, _drawn(source, taken), **PLANTED[kind](one, source))
    return rows


def _drawn(source: random.Random, taken: set[str], **stated: str) -> Drawn:
    """A person with an address that nobody else has. taken: the addresses so far."""
    given, family = stated.get("given") or source.choice(GIVEN), _family(source)
    domain, local = stated.get("domain") or source.choice(PROVIDERS), f"{given}.{family}".lower()
    while f"{local}@{domain}" in taken:
        local = f"{given}.{family}{source.randrange(100)}".lower()
    taken.add(f"{local}@{domain}")
    phone, device = f"+44 20{source.randrange(10**8, 10**9)}", f"device-{source.randrange(10**9)}"
    return Drawn(given, family, local, domain, phone, device)


def _family(source: random.Random) -> str:
    return "".join(source.choice(SYLLABLES) for _ in range(2)).capitalize()


def _same(one: Drawn, **changes: str) -> dict:
    """The second id of a person, with an address and a name that are the same unless changed; no other is stated."""
    return {
        "name": f"{one.given} {one.family}", "email": f"{one.local}@{one.domain}", "phone": "", "device": "", **changes
    }  # fmt: skip


def _typo(one: Drawn, source: random.Random) -> dict:
    place = source.randrange(len(one.local) - 3)
    return _same(one, email=f"{one.local[:place]}{one.local[place + 1 :]}@{one.domain}")


PLANTED = {
    "letter case": lambda one, _: _same(one, email=f"{one.local}@{one.domain}".upper()),
    "plus-address": lambda one, source: _same(one, email=f"{one.local}+{source.choice(['shop', 'x'])}@{one.domain}"),
    "points at Gmail": lambda one, _: _same(one, email=f"{one.local.replace('.', '')}@gmail.com"),
    "guest, then account": lambda one, _: _same(one, name=""),
    "format of telephone": lambda one, source: _same(
        one, email=f"new{source.randrange(10**6)}@mail.example", phone=one.phone.replace("+44 ", "0")
    ),
    "married name": lambda one, source: _same(one, name=f"{one.given} {_family(source)}"),
    "moved": lambda one, _: _same(one),  # the postal address is not compared
    "typing error": _typo,
    "family's address": lambda one, source: _same(one, name=f"{_other_name(one, source)} {one.family}"),
    "shared device": lambda one, source: {"device": one.device, "email": f"d{source.randrange(10**6)}@mail.example"},
    "nickname": lambda one, _: _same(one, name=f"{NICKNAMES[one.given]} {one.family}"),
    "swapped names": lambda one, _: _same(one, name=f"{one.family} {one.given}"),
}
TWO_PERSONS = ("family's address", "shared device")
OF_KIND = {"points at Gmail": {"domain": "gmail.com"}, "nickname": {"given": "Robert"}}


def _other_name(one: Drawn, source: random.Random) -> str:
    return source.choice([given for given in GIVEN if given != one.given])


def judged(rows: Iterable[Row]) -> tuple[list[tuple[str, int, int, int]], dict[str, float]]:
    """For each kind, the number of pairs, of those joined and of those proposed; and the precision and recall of the
    rules and of the proposals. Recall of proposals is that of what the rules leave."""
    rows = list(rows)
    joined = {frozenset(pair) for pair in _joined(rows)}
    proposed = {frozenset(one[:2]) for one in proposing.proposals(_accounts(rows), joined)}
    person, kind = {row.key: row.person for row in rows}, {row.key: row.planted for row in rows}
    ids = defaultdict(list)
    for row in rows:
        ids[row.person].append(row.key)
    true = {frozenset(pair) for keys in ids.values() for pair in combinations(keys, 2)}
    of_kind = Counter(row.planted for row in rows)
    table = []
    for name in PLANTED:
        of = [sum(len({kind[key] for key in pair} | {name}) == 1 for pair in found) for found in (joined, proposed)]
        table.append((name, of_kind[name] // 2, *of))
    left = true - joined
    right = {pair for pair in proposed if len({person[key] for key in pair}) == 1}
    return table, {
        "precision of rules": len(joined & true) / max(len(joined), 1),
        "recall of rules": len(joined & true) / max(len(true), 1),
        "precision of proposals": len(right) / max(len(proposed), 1),
        "recall of proposals": len(right & left) / max(len(left), 1),
        "recall of both": len((joined | proposed) & true) / max(len(true), 1),
    }


def _addresses(row: Row) -> dict[str, str | None]:
    return {
        "email": normal.email(row.email), "phone": normal.phone(row.phone, "44"), "device": normal.device(row.device)
    }  # fmt: skip


def _joined(rows: list[Row]) -> Iterable[tuple[UUID, UUID]]:
    """The pairs that the rules email, phone and device make one person, also through a third id."""
    seen = []
    for row in rows:
        name = normal.name(row.name)
        given, whole = (gathered.digest(b"", "name", part) for part in name)
        for kind, text in _addresses(row).items():
            if digest := gathered.digest(b"", kind, text):
                seen.append(Seen(kind, digest, row.key, given, whole, date(2024, 1, 1)))
    pairs = [link[:2] for link in joining.links(seen) if link.until_on is None]
    return [pair for group in identities.groups(pairs) for pair in combinations(sorted(group), 2)]


def _accounts(rows: list[Row]) -> list[Account]:
    accounts = []
    for row in rows:
        addresses = _addresses(row)
        digests = {(kind, text.encode()) for kind, text in addresses.items() if text}
        emails = frozenset(filter(None, [addresses["email"]]))
        accounts.append(Account(row.key, normal.name(row.name), emails, frozenset(digests)))
    return accounts


def main() -> None:
    """Prints the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--persons", type=int, default=5000, help="persons with one id")
    parser.add_argument("--pairs", type=int, default=100, help="planted pairs of each kind")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    table, scores = judged(shop(given.persons, given.pairs, given.seed))
    print("| planted | pairs | joined | proposed |\n|---|---|---|---|")
    for name, pairs, joined, proposed in table:
        shown = f"{name} (two persons)" if name in TWO_PERSONS else name
        print(f"| {shown} | {pairs} | {joined} | {proposed} |")
    print("\n" + "; ".join(f"{name} {score:.3f}" for name, score in scores.items()))


if __name__ == "__main__":
    main()
