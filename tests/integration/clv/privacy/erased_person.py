"""Adds the rows of an invented person to orders, and searches a home for them."""

from __future__ import annotations

import uuid
from datetime import date
from pathlib import Path

from clv.core import settings
from clv.privacy import erasing
from clv.transform import dbt
from clv.warehouse import db, pseudonyms

AS_OF = date(2024, 6, 1)
HEADER = "customer_id,order_id,ordered_at,amount,email,name"
QUINCE = {"id": "quince-77", "email": "quince@planted.example", "name": "Quincy Planted", "order": "q-order"}
LEAST = {"customer": "customer_id", "order": "order_id", "time": "ordered_at", "amount": "amount"}
SUMS = """
    select batch_id, rows_received, rows_accepted, rows_set_aside, rows_duplicate, rows_unreadable, rows_erased
    from staging.stg_batch_counts order by batch_id
"""
UNACCOUNTED = """
    select * from staging.stg_batch_counts where rows_received
        <> rows_accepted + rows_rejected + rows_duplicate + rows_replaced + rows_withdrawn + rows_erased
"""


def of_quince(order: int, day: str = "2024-03-01", amount: str = "12.50") -> str:
    return f"{QUINCE['id']},{QUINCE['order']}{order},{day},{amount},{QUINCE['email']},{QUINCE['name']}"


def of(customer: str, order: str, day: str = "2024-03-01", amount: str = "5.00") -> str:
    return f"{customer},{order},{day},{amount},{customer}@shop.example,"


def write(path: Path, *lines: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([HEADER, *lines]) + "\n")
    return path


def erase(customer_id: str, home: settings.Settings, source: str = "orders") -> erasing.Receipt:
    return erasing.erase(erasing.find(customer_id, source, None, home), home)


def needles(home: settings.Settings) -> list[str]:
    key = pseudonyms.customer_key(pseudonyms.secret(home), QUINCE["id"])
    return [*QUINCE.values(), key.hex(), str(uuid.UUID(bytes=key))]


def sums() -> list[tuple]:
    found = db.rows(SUMS)
    assert all(row[1] == sum(row[2:6]) for row in found)
    assert db.rows(UNACCOUNTED) == []
    return found


def build(home: settings.Settings, run_id: str, *layers: str) -> None:
    for layer in layers:
        dbt.build(layer, {"as_of_date": str(AS_OF), "run_id": run_id}, home)
