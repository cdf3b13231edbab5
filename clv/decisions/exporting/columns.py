"""What goes out of a customer: the columns that a destination names."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from clv.core import ids
from clv.decisions.exporting.ledger import Listed, Scope


def values(customer: Listed, scope: Scope, columns: Sequence[str]) -> dict[str, Any]:
    """Returns the values of these columns, in their order."""
    known = {
        "list_name": scope.list_name,
        "as_of_date": scope.as_of_date,
        "email_sha256": customer.email and hashed(customer.email),
    }
    return {column: known[column] if column in known else getattr(customer, column) for column in columns}


def hashed(email: str) -> str:
    """Returns the SHA-256 of an e-mail address without blanks around it and in small letters, in hexadecimal, as the
    audiences of Meta and Google take it."""
    return hashlib.sha256(ids.visible(email).strip().lower().encode()).hexdigest()
