"""`clv erase`: removes a person's rows from every table and file of the home, and keeps them from being loaded again.

In raw, an empty line replaces each removed row. It is rejected with the reason `erased`, so that the batch's rows still
add up.

The list of erased persons (clv.warehouse.erasures) is written first. From then on nobody on the list is loaded. If the
erasure is interrupted, the same command completes it.
"""

from __future__ import annotations

import json
import secrets
from collections import defaultdict
from contextlib import ExitStack, nullcontext
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

import psycopg

from clv.catalog import tables
from clv.core import ids, owners_files
from clv.core.errors import ClvError
from clv.core.progress import Step
from clv.core.settings import Settings
from clv.decisions.exporting import ledger
from clv.privacy import files, persons
from clv.privacy.persons import Person
from clv.sources.identities import linking
from clv.sources.kinds import raw_tables
from clv.sources.kinds.columns_sql import ERASED
from clv.sources.kinds.mappings import known_sources, load_mapping
from clv.sources.loading import texts
from clv.sources.mapping.model import FileMapping
from clv.transform import changed_raw
from clv.warehouse import addresses, db, erasures, identities, locks, pseudonyms

RECEIPTS = "erasures"
REWRITTEN = "written again without the person"
NOT_REACHED = (
    "backups made before: a restore erases everyone on this home's list again, or on the list given with --erasures",
    "models: they hold no rows; the next run trains again, without the person",
    "sums over many customers that were published: segments, cohorts and the digests of publications stay as they were",
    "backtests that are under way, or were written outside of the home: predictions.parquet has the shop's ids",
    "files that the shop sends again: this person's rows in them are rejected",
)


@dataclass(frozen=True)
class Receipt:
    """What an erasure did: rows removed per table, files changed or removed, what it could not reach, and the exports
    that took the persons out of the home. is_complete: False if it was interrupted before the pages were written."""

    receipt: str
    erased_at: str
    rows: dict[str, int] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    not_reached: tuple[str, ...] = NOT_REACHED
    left_home: list[str] = field(default_factory=list)
    is_complete: bool = True


def find(customer_id: str | None, source: str | None, email: str | None, home: Settings) -> list[Person]:
    """The customers to erase: the one with this id in this source, or all with this e-mail address, and every other id
    of the same persons by the shop's rules.

    Finds every form of the id, since the mapping may have changed how it writes ids between two loads. Raises ClvError
    if no customer has the id or address. If the customer was erased before, the error names the receipt; if that
    erasure was interrupted after the rows were removed, the customer is returned, so that it is completed.
    """
    raw_tables.require_folders(home)
    linking.link(home)  # files may have been loaded since the last run
    with db.connect(home.warehouse_url) as connection:
        if email is not None:
            return _whole_persons(connection, home, _of_address(connection, home, email))
        mapping = load_mapping(source or "", home)
        forms = persons.forms((customer_id or "").strip(), mapping)
        if found := _of_forms(connection, home, forms, mapping):
            return _whole_persons(connection, home, found)
    erased = erasures.erased(home)
    if number := next(filter(None, (erased.receipt(form, mapping.customer_namespace) for form in forms)), None):
        if not _read(home, number).is_complete:
            secret = pseudonyms.secret(home)
            return [replace(persons.named(forms[0], mapping.customer_namespace, secret), other_ids=forms)]
        raise ClvError(f"this customer was erased already: {_place(home, number)}")
    raise ClvError(f"the source {source} has no customer of this id; give it as the shop's file has it")


def _of_address(connection: psycopg.Connection, home: Settings, email: str) -> list[Person]:
    """The customers with an e-mail address, under every form of their ids."""
    if found := persons.known(connection, home, pseudonyms.secret(home), email):
        return _of_all_forms(connection, home, found)
    raise ClvError("nobody here has this e-mail address; name the customer's id and --source")


def _whole_persons(connection: psycopg.Connection, home: Settings, found: list[Person]) -> list[Person]:
    """These customers, and the other ids of the same persons."""
    keys = {one.key for one in found}
    if others := identities.same_persons(connection, keys) - keys:
        linked = persons.known(connection, home, pseudonyms.secret(home), keys=others)
        return [*found, *(one for one in _of_all_forms(connection, home, linked) if one.key not in keys)]
    return found


def _of_all_forms(connection: psycopg.Connection, home: Settings, named: list[Person]) -> list[Person]:
    """These customers under every form of their ids."""
    found = {person.key: person for person in named}
    for person in named:
        if person.source in known_sources(home):
            mapping = replace(load_mapping(person.source, home), customer_namespace=person.namespace)
            of_id = _of_forms(connection, home, persons.forms(person.customer_id, mapping), mapping)
            found |= {one.key: replace(one, email=one.email or person.email) for one in of_id}
    return list(found.values())


def _of_forms(
    connection: psycopg.Connection, home: Settings, forms: tuple[str, ...], mapping: FileMapping
) -> list[Person]:
    """The customers with rows under these forms of one id, or under another that the mapping writes as them."""
    secret = pseudonyms.secret(home)
    possible = [persons.named(form, mapping.customer_namespace, secret) for form in forms]
    found = persons.lookalikes(connection, possible, secret, mapping)
    possible = [one for one in possible if one.key not in {person.key for person in found}]
    found += [one for one in possible if _lines(connection, home, one)]
    return [replace(person, other_ids=forms) for person in found]


def sharing_address(found: list[Person], home: Settings) -> int:
    """The number of further customers with an e-mail address of these persons, such as a key from another system's
    export. It does not matter whether their namespaces are known: this must not stop the erasure."""
    emails = {one.email for one in found if one.email}
    with db.connect(home.warehouse_url) as connection:
        others = {key for email in emails for key in addresses.keys_of_address(connection, email)}
    return len(others - {one.key for one in found})


def erase(found: list[Person], home: Settings, step: Step = nullcontext) -> Receipt:
    """Erases these persons in one transaction, after running loads, builds and forecasts have ended. The receipt is
    written before the commit, since it alone says then where the persons went, and again at the end."""
    raw_tables.require_folders(home)
    now = datetime.now(UTC)
    earlier = _interrupted(found, home)
    done = earlier or Receipt(f"{now:%Y-%m-%d}-{secrets.token_hex(4)}", now.isoformat(timespec="seconds"))
    done = Receipt(done.receipt, done.erased_at)
    with ExitStack() as stack:
        with step("loads, builds and forecasts have ended"):
            for lock in (locks.CUSTOMERS, locks.BUILD):
                stack.enter_context(db.lock(lock, home.warehouse_url))
        connection = stack.enter_context(db.connect(home.warehouse_url))
        connection.execute("select pg_advisory_xact_lock(%s)", (db.lock_key(locks.PUBLISH),))
        secret = pseudonyms.secret(home)  # the key may have been rotated since the persons were found
        found = [replace(one, key=persons.named(one.customer_id, one.namespace, secret).key) for one in found]
        batches: set[int] = set()
        with step(f"the rows of {len(found)} customer{'' if len(found) == 1 else 's'} are removed"):
            for person in found:
                for form in (person.customer_id, *person.other_ids):
                    erasures.add(home, form, person.namespace, done.receipt, done.erased_at)
            done.files.update(files.remove_exports(connection, home, found))
            for person in found:
                batches |= _erase(connection, home, person, done)
            changed_raw.erased(connection, batches)
            pages = files.remove_pages(home, {str(person.key) for person in found})
            done.files.update({str(home.reports / f"{day}" / "index.html"): REWRITTEN for day in pages})
            if earlier:
                done = _joined(earlier, done)
            _write(home, replace(done, is_complete=False))
            connection.commit()
            files.forget_changes(connection, home)
    pages = [Path(path).parent.name for path, what in done.files.items() if what == REWRITTEN]
    files.make_pages(home, [date.fromisoformat(day) for day in pages])
    _write(home, done)
    return done


def _interrupted(found: list[Person], home: Settings) -> Receipt | None:
    """The receipt of an interrupted erasure of the same persons, as far as it was written; None if there is none."""
    erased = erasures.erased(home)
    numbers = {erased.receipt(person.customer_id, person.namespace) for person in found}
    number = numbers.pop()
    if numbers or not number:
        return None
    if not _place(home, number).exists():
        return Receipt(number, datetime.now(UTC).isoformat(timespec="seconds"))
    earlier = _read(home, number)
    return None if earlier.is_complete else earlier


def _joined(earlier: Receipt, done: Receipt) -> Receipt:
    """What an interrupted erasure and the one that completes it did together. What the first did in the warehouse was
    either undone and done again, or kept and not needed again."""
    removed = {path: what for path, what in earlier.files.items() if what == files.ROWS_REMOVED}
    return replace(
        done,
        rows={table: max(earlier.rows.get(table, 0), done.rows.get(table, 0)) for table in earlier.rows | done.rows},
        files={**earlier.files, **done.files, **removed},
        left_home=list(dict.fromkeys(earlier.left_home + done.left_home)),
    )


def apply(home: Settings, step: Step = nullcontext) -> Receipt | None:
    """Erases every customer in the warehouse who is on the home's list of erased persons, as needed after a restore.
    Returns None if there are none."""
    erased = erasures.erased(home)
    if not erased:
        return None
    with db.connect(home.warehouse_url) as connection:
        everybody = persons.known(connection, home, pseudonyms.secret(home))
    again = [person for person in everybody if erased.receipt(person.customer_id, person.namespace)]
    return erase(again, home, step) if again else None


def _erase(connection: psycopg.Connection, home: Settings, person: Person, done: Receipt) -> set[int]:
    """Erases a person from raw and from every table that has their key. Returns the batches whose rows changed."""
    lines = _lines(connection, home, person)
    done.files.update(files.remove_lines(connection, home, person, lines))
    counts, batches = {}, set(lines)
    done.left_home.extend(one for one in ledger.of_customer(connection, person.key) if one not in done.left_home)
    for kind in raw_tables.of_customers(home):
        erased = kind.erase(connection, person.key)
        counts[kind.table] = erased.total()
        batches |= erased.keys()
    for batch_id, numbers in lines.items():
        place = (batch_id, sorted(numbers))
        for table, change in {
            tables.UNREADABLE_ROWS: f"update {tables.UNREADABLE_ROWS} set reason = '{ERASED}', raw_text = null",  # noqa: S608 - our own names
            tables.UNREADABLE_TEXTS: f"delete from {tables.UNREADABLE_TEXTS}",  # noqa: S608 - our own names
        }.items():
            changed = connection.execute(f"{change} where batch_id = %s and line = any(%s)", place).rowcount  # type: ignore[arg-type]
            counts[table] = counts.get(table, 0) + changed
    identities.forget(connection, person.key)
    for table in persons.tables_of_customers(connection):
        if table not in counts:
            counts[table] = connection.execute(f"delete from {table} where customer_key = %s", (person.key,)).rowcount  # type: ignore[arg-type]  # noqa: S608 - our own SQL; values are bound or quoted
    for table, count in counts.items():
        if count:
            done.rows[table] = done.rows.get(table, 0) + count
    return batches


def _lines(connection: psycopg.Connection, home: Settings, person: Person) -> dict[int, set[int]]:
    """The line numbers of a person's rows, by batch. They include unreadable rows in which a value equals the person's
    id or e-mail address."""
    lines: dict[int, set[int]] = defaultdict(set)
    for kind in raw_tables.of_customers(home):
        query = f"select _batch_id, _line from {kind.table} where {kind.rows_of_customer}"  # noqa: S608 - our own names
        for batch_id, line in connection.execute(query, (person.key,)).fetchall():  # type: ignore[arg-type]
            lines[batch_id].add(line)
    sources, forms = known_sources(home), {*ids.forms(person.customer_id), *person.other_ids}
    mappings = {}
    query = f"""
        select batch_id, line, coalesce(texts.raw_text, rows.raw_text, ''), source
        from {tables.UNREADABLE_ROWS} as rows
        inner join {tables.BATCHES} using (batch_id) left join {tables.UNREADABLE_TEXTS} as texts using (batch_id, line)
        where reason <> %s
    """  # noqa: S608 - our own names
    with connection.cursor(name="unreadable") as cursor:
        for batch_id, line, text, source in cursor.execute(query, (ERASED,)):
            if source not in mappings:
                mappings[source] = load_mapping(source, home) if source in sources else None
            mapping = mappings[source]
            for value in texts.fields(text, mapping.delimiter if mapping else None):
                same = not forms.isdisjoint({value, texts.as_customer(value, mapping) if mapping else value})
                if same or person.email and addresses.same_address(value, person.email):
                    lines[batch_id].add(line)
    return dict(lines)


def _place(home: Settings, number: str) -> Path:
    return home.home / RECEIPTS / f"{number}.json"


def _write(home: Settings, done: Receipt) -> None:
    path = _place(home, done.receipt)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    owners_files.write(path, (json.dumps(asdict(done), indent=2) + "\n").encode())


def _read(home: Settings, number: str) -> Receipt:
    """A receipt as it was written; an empty one if it was not kept."""
    path = _place(home, number)
    return Receipt(**json.loads(path.read_text())) if path.exists() else Receipt(number, "")
