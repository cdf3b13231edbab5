"""The list of erased persons: keyed digests of their ids, in CLV_HOME/secrets/erasures, one JSON object per line.

The list is kept outside the database, so that restoring a backup does not bring an erased person back. Each line holds
the key of its digest, so that the lists of two homes can be merged.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Iterable
from pathlib import Path

from clv.core import ids, owners_files
from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.warehouse import pseudonyms

NAME = "erasures"


class Erased:
    """The erased persons of a list, to look customers up. It is false when the list is empty."""

    def __init__(self, lines: Iterable[dict]) -> None:
        self._receipts: dict[bytes, dict[str, str]] = {}
        for line in lines:
            self._receipts.setdefault(bytes.fromhex(line["key"]), {})[line["digest"]] = line["receipt"]

    def __bool__(self) -> bool:
        return bool(self._receipts)

    def receipt(self, customer_id: str, namespace: str | None = None) -> str | None:
        """The receipt number of a customer's erasure; None for a customer who was not erased. Looks for the id as given
        and as cleaned (see clv.core.ids)."""
        texts = [pseudonyms.identity(form, namespace) for form in ids.forms(customer_id)]
        found = (receipts.get(_digest(key, text)) for key, receipts in self._receipts.items() for text in texts)
        return next(filter(None, found), None)


def place(home: Settings) -> Path:
    """The path of the home's list."""
    return home.secrets / NAME


def erased(home: Settings) -> Erased:
    """Reads the home's list of erased persons."""
    return Erased(read(place(home)))


def read(path: Path) -> list[dict]:
    """Reads the lines of a list: key, digest, receipt, erased_at. A missing file is an empty list. Raises ClvError for
    a file with other content."""
    if not path.exists():
        return []
    try:
        return parsed(path.read_text())
    except (ValueError, TypeError, KeyError):
        raise ClvError(
            f"{path} is not a list of erasures; restore the file that this home, or its backup, had"
        ) from None


def parsed(text: str) -> list[dict]:
    """Parses the text of a list. Raises ValueError, TypeError or KeyError for any other text."""
    lines = [json.loads(line) for line in text.splitlines() if line.strip()]
    if any(not {"key", "digest", "receipt", "erased_at"} <= line.keys() for line in lines):
        raise KeyError(text)
    return lines


def add(home: Settings, customer_id: str, namespace: str | None, receipt: str, erased_at: str) -> None:
    """Adds a person to the home's list, by the id as given and as cleaned. Does nothing if the person is on the list
    already."""
    lines = read(place(home))
    if Erased(lines).receipt(customer_id, namespace):
        return
    key = lines[0]["key"] if lines else secrets.token_hex(32)
    texts = [pseudonyms.identity(form, namespace) for form in ids.forms(customer_id)]
    digests = [_digest(bytes.fromhex(key), text) for text in texts]
    merge(home, [{"receipt": receipt, "erased_at": erased_at, "key": key, "digest": digest} for digest in digests])


def merge(home: Settings, lines: list[dict]) -> None:
    """Adds the lines of another list to the home's, without repeating any."""
    known = read(place(home))
    new = [line for line in lines if line not in known]
    if new:
        home.secrets.mkdir(mode=0o700, parents=True, exist_ok=True)
        text = "".join(f"{json.dumps(line)}\n" for line in known + new)
        owners_files.write(place(home), text.encode())


def _digest(key: bytes, text: str) -> str:
    return hmac.digest(key, text.encode(), "sha256").hex()
