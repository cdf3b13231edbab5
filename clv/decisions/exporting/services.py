"""Destinations that are services: each batch is one request with JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from clv.decisions.exporting.ledger import Batch, Scope
from clv.sources.fetching.service import Service


def send(service: Service, scope: Scope, batch: Batch, rows: Sequence[dict[str, Any]]) -> None:
    """Sends a batch: {"list": NAME, "as_of_date": DATE, "customers": [{COLUMN: VALUE}]}. Raises as `Service.send`
    does."""
    customers = [{name: _of_json(value) for name, value in row.items()} for row in rows]
    content = {"list": scope.list_name, "as_of_date": scope.as_of_date.isoformat(), "customers": customers}
    service.send(content, batch.key)


def _of_json(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat() if isinstance(value, date) else value
