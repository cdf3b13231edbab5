"""Keeps the addresses of a file's customers as keyed digests. Only the schema pii has them."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa

from clv.catalog import tables
from clv.core import owners_files
from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.core.sql_text import literal, quoted
from clv.sources.identities import normal
from clv.sources.kinds.columns import ADDRESSES, TIMES, Column
from clv.warehouse import db
from clv.warehouse.roles import LOADER

NAME = "address_key"  # file in CLV_HOME/secrets. It is not the pseudonym key, because that rotates.
SCHEMA = pa.schema(
    {
        "customer_key": pa.binary(), "kind": pa.string(), "digest": pa.binary(), "given_name": pa.binary(),
        "whole_name": pa.binary(), "known_on": pa.date32(),
    }
)  # fmt: skip


def secret(home: Settings) -> bytes:
    """The key of the digests; makes it at the first use. Raises ClvError if the home has another one than the digests
    were made with."""
    place = home.secrets / NAME
    noted = db.rows(f"select value from {tables.SETTINGS} where name = '{NAME}'", url=home.url_as(LOADER))  # noqa: S608 - our own names
    if not noted and not place.exists():
        _make(place)
    current = place.read_bytes().strip() if place.exists() else b""
    digest = hashlib.sha256(current).hexdigest()[:16]
    if noted and noted[0][0] != digest:
        raise ClvError(f"{place} is not the key that addresses were compared with; restore that file from a backup")
    if not noted:
        with db.connect(home.url_as(LOADER)) as connection:
            connection.execute(
                f"insert into {tables.SETTINGS} (name, value) values ('{NAME}', %s) on conflict do nothing",  # noqa: S608 - our own names
                (digest,),
            )
    return current


def _make(place: Path) -> None:
    """Writes a new key, unless another process has just made one."""
    own = place.with_name(f"{NAME}.{os.getpid()}")
    owners_files.write(own, secrets.token_urlsafe(32).encode())
    with suppress(FileExistsError):
        os.link(own, place)
    own.unlink()


def rules(home: Settings) -> list[str]:
    """The kinds of addresses by which the shop's rules link ids."""
    return [kind for kind in ADDRESSES if kind in home.shop.identities]


def addresses(duck: duckdb.DuckDBPyConnection, columns: tuple[Column, ...], home: Settings) -> pa.Table | None:
    """The addresses of a file's customers, one row for each customer, address and name, as pii.addresses has them; None
    if no rule needs them.

    Needs the tables parsed, unreadable(_line) and customers(customer_id, customer_key). columns: those of the file's
    kind, of which a time or day says since when an address is known.
    """
    of_type = {column.type: f"parsed.{quoted(column.name)}" for column in reversed(columns)}
    day = next((f"parsed.{quoted(column.name)}" for column in columns if column.type in TIMES), None)
    wanted = [kind for kind in rules(home) if kind in of_type]
    if not wanted or day is None:
        return None
    name = of_type.get("name", "null::varchar")
    query = " union all ".join(
        f"""
        select customer_key, {literal(kind)}, {of_type[kind]} as address, {name} as name, min({day})::date
        from parsed anti join unreadable using (_line) inner join customers using (customer_id)
        where _rule is null and address is not null and {day} is not null group by all
        """  # noqa: S608 - our own SQL; values are bound or quoted
        for kind in wanted
    )
    rows = digested(duck.execute(query).fetchall(), home)
    return pa.Table.from_pylist([dict(zip(SCHEMA.names, row, strict=True)) for row in rows], SCHEMA)


def digested(rows: Iterable[tuple[bytes, str, str, str | None, date]], home: Settings) -> Iterator[tuple]:
    """Yields the rows of pii.addresses without their batch. rows: customer key, kind, address, name, day; those whose
    text is no address are left out."""
    key, code = secret(home), home.shop.calling_code
    forms: dict[str, Callable[[str], str | None]] = {
        "email": normal.email,
        "phone": lambda text: normal.phone(text, code),
        "device": normal.device,
    }
    for customer, kind, text, written, known_on in rows:
        if (address := forms[kind](text)) is None:
            continue
        name = normal.name(written)
        digests = (digest(key, kind, address), digest(key, "given", name.given), digest(key, "whole", name.whole))
        yield (customer, kind, *digests, known_on)


def digest(key: bytes, kind: str, text: str | None) -> bytes | None:
    """The first 16 bytes of HMAC-SHA256(key, "kind:text"), so that an address cannot be found by trying all without the
    key; None for no text."""
    return hmac.digest(key, f"{kind}:{text}".encode(), "sha256")[:16] if text is not None else None
