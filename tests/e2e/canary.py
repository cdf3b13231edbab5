"""Plants a person who does not exist into a shop's files, and searches for her and for the home's secrets."""

from __future__ import annotations

import csv
import gzip
import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

from clv.core import settings
from clv.platform.runtime import postgres

EMAIL, NAME, PHONE = "zebrina.quuxworth@canary.example", "Zebrina Quuxworth", "+49 171 5550199 77"
PERSON = {"e-mail": EMAIL, "name": NAME, "phone": PHONE}
EXPORTED = {**PERSON, "hashed e-mail": hashlib.sha256(EMAIL.encode()).hexdigest()}
# Not searched: the secrets, the received files, and the database's own files.
INPUTS = ("secrets", "landing", "received", "postgres")
# Where she may be: in the one table that links a pseudonym to a person, and in the rows as received.
MAY_HOLD_HER = {"pii.customers", "pii.unreadable_texts", "quarantine.unreadable_rows"}


def map_name(home: settings.Settings) -> None:
    """Replaces the sample shop's mapping in this home by one that has a column with the customer's name."""
    shipped = (settings.PROJECT / "sources" / "sample_shop.yml").read_text()
    mine = shipped.replace("person: {email: email", 'person: {email: email, name: "customer_name?"')
    assert mine != shipped
    folder = home.home / "sources"
    folder.mkdir()
    (folder / "sample_shop.yml").write_text(mine)


def plant(path: Path) -> None:
    """Adds her to a file of the shop's orders: as a customer whose id is her e-mail address, in mapped columns and an
    unmapped one, in a rejected row, in an incomplete row, and in rows whose columns are shifted."""
    with gzip.open(path, "rt", newline="") as file:
        rows = list(csv.DictReader(file))
    sale = next(row for row in rows if row["status"] == "paid" and row["amount"])
    hers = {
        **sale,
        "customer_id": EMAIL,
        "email": EMAIL,
        "customer_name": NAME,
        "phone": PHONE,
        "accepts_marketing": "yes",
    }
    changes: list[dict[str, str]] = [
        {},
        {},
        {"status": "test"},
        {"amount": ""},
        {"amount": EMAIL},
        {"amount": NAME},
        {"ordered_at": PHONE},
        {"currency": NAME},
        {"quantity": PHONE},
    ]
    rows += [{**hers, "order_id": f"CANARY-{number}", **change} for number, change in enumerate(changes)]
    with gzip.open(path, "wt", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(hers), extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)


def secrets_of(home: settings.Settings) -> dict[str, str]:
    """Each of the home's secrets by the name of its file."""
    return {path.name: path.read_text().strip() for path in home.secrets.iterdir()}


def found_in(content: bytes, sought: dict[str, str]) -> list[str]:
    """The texts that occur in the content: as they are, encoded for a URL, or as the hexadecimal digits of a dump."""
    return [
        what
        for what, text in sought.items()
        if any(form.encode() in content for form in (text, quote(text), quote_plus(text), text.encode().hex()))
    ]


def files(home: settings.Settings) -> Iterator[tuple[str, bytes]]:
    """Every file of the home except INPUTS, unpacked, and the database server's log."""
    for path in sorted(home.home.rglob("*")):
        name = path.relative_to(home.home)
        if path.is_file() and (name.parts[0] not in INPUTS or name.name == "server.log"):
            content = path.read_bytes()
            yield str(name), gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content


def dump(home: settings.Settings, database: str, target: Path, *options: str) -> bytes:
    """All rows of a database as text."""
    postgres.client("pg_dump", home.database_url(database), "--data-only", f"--file={target}", *options)
    return target.read_bytes()


class CommandLines(threading.Thread):
    """Records every command line on the machine until it is stopped, because every user can read them."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.seen: set[bytes] = set()
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.wait(0.25):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    self.seen.add(path.read_bytes())
                except OSError:  # the process has just ended
                    continue

    def stop(self) -> None:
        self.ended.set()
        self.join()
