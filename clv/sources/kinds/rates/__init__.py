"""Exchange rates: one row for each day and currency, by which orders in this currency are converted."""

from __future__ import annotations

from clv.catalog import tables
from clv.sources.kinds.columns import Column
from clv.sources.kinds.declared import Kind

KIND = Kind(
    name="rates",
    table=tables.RATES,
    means="the rate of a currency from a day on",
    columns=(
        Column(name="day", type="day", means="Day from which the rate holds, until the next one.", required=True),
        Column(name="code", type="text", means="Currency that is converted, as a code of ISO 4217.", required=True),
        Column(
            name="rate",
            type="number",
            at_least=0,
            required=True,
            means="What one unit of it is worth in the warehouse's currency, above 0.",
        ),
    ),
    replaces=("day", "code"),
)
