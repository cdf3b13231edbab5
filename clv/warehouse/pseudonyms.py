"""Pseudonyms of customers: keyed digests of the shop's ids, which nobody can compute without the key. All tables
outside the schema pii name customers by pseudonym."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

from clv.catalog import tables
from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.warehouse import db
from clv.warehouse.roles import LOADER

NAME = "pseudonym_key"  # file in CLV_HOME/secrets
PENDING = "pseudonym_key.next"  # the new secret during a rotation, until it replaces the old one


def identity(customer_id: str, namespace: str | None = None) -> str:
    """The text that a customer's key is computed from: the id, preceded by the namespace if there is one."""
    return f"{namespace}:{customer_id}" if namespace else customer_id


def customer_key(secret: bytes, customer_id: str, namespace: str | None = None) -> bytes:
    """A customer's key: the first 16 bytes of HMAC-SHA256(secret, identity of the customer)."""
    return hmac.digest(secret, identity(customer_id, namespace).encode(), "sha256")[:16]


def customer_keys(secret: bytes, customer_ids: Iterable[str], namespace: str | None = None) -> list[bytes]:
    """The keys of many customers, in the given order."""
    return [customer_key(secret, customer_id, namespace) for customer_id in customer_ids]


def secret_digest(secret: bytes) -> str:
    """A digest of the secret, by which the warehouse records which secret its customers are named with."""
    return hashlib.sha256(secret).hexdigest()[:16]


def secret(home: Settings) -> bytes:
    """The secret that the warehouse's customers are named with. Completes a rotation that was interrupted.

    Raises ClvError if the warehouse was filled with another secret than the home's.
    """
    current = home.secret(NAME).encode()
    query = f"select value from {tables.SETTINGS} where name = 'pseudonym_key'"  # noqa: S608 - our own names
    recorded = db.rows(query, url=home.url_as(LOADER))
    if not recorded or recorded[0][0] == secret_digest(current):
        return current
    pending = home.secrets / PENDING
    try:
        following = pending.read_bytes().strip()
        if secret_digest(following) == recorded[0][0]:
            pending.replace(home.secrets / NAME)
            return following
    except FileNotFoundError:  # another process has just completed the rotation
        current = home.secret(NAME).encode()
        if secret_digest(current) == recorded[0][0]:
            return current
    raise ClvError(
        f"{home.secrets / NAME} is not the key this warehouse's customers were named with; "
        "restore that file, or use another database"
    )
