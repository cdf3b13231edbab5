"""The run that the tests of the gates judge, and the rows of its results."""

from __future__ import annotations

from datetime import date

import small_warehouse as small

from clv.reporting import gates as pages
from clv.warehouse import db
from expectations import gates

DAY = date.fromisoformat(small.AS_OF)
RUN = f"{small.AS_OF}.1"
CUSTOMER = f"customer_key = '{small.A}'"


def stored(gate: str) -> dict[str, tuple]:
    found = db.rows(
        "select expectation, severity, success, unexpected_count from ops.gate_results where run_id = %s and gate = %s",
        (RUN, gate),
    )
    return {name: tuple(rest) for name, *rest in found}


def judge(gate: str) -> dict:
    """Judges the gate for the run and returns the facts; the page is written."""
    return gates.judge(gate, DAY, RUN, pages.write)
