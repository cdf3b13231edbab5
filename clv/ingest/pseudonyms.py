"""Customers leave the shop's files as pseudonyms: keyed, so that nobody without the key can work one out."""

from __future__ import annotations

import hmac
from collections.abc import Iterable


def customer_key(secret: bytes, customer_id: str, namespace: str | None = None) -> bytes:
    """The 16 bytes of a customer's key: the head of HMAC-SHA256(secret, customer_id), namespace first where given."""
    text = f"{namespace}:{customer_id}" if namespace else customer_id
    return hmac.digest(secret, text.encode(), "sha256")[:16]


def customer_keys(secret: bytes, customer_ids: Iterable[str], namespace: str | None = None) -> list[bytes]:
    """The keys of many customers, in their order."""
    return [customer_key(secret, customer_id, namespace) for customer_id in customer_ids]
