"""Merges: one row for each customer id that is the same person as another, as the shop states it."""

from __future__ import annotations

from clv.catalog import tables
from clv.sources.kinds.columns import Column
from clv.sources.kinds.declared import Kind

KIND = Kind(
    name="merges",
    table=tables.MERGES,
    means="a customer id that is the same person as another",
    columns=(
        Column(name="customer", type="customer", means="Id that was merged into the other.", required=True),
        Column(name="same_as", type="other_customer", means="Id of the same person, which stays.", required=True),
        Column(name="day", type="day", means="Day of the merge; without it, the day on which the file is loaded."),
    ),
    replaces=("customer",),
)
