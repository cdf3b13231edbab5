"""Ad spend: one row per day and channel, or finer."""

from __future__ import annotations

from clv.catalog import tables
from clv.sources.kinds.columns import Column
from clv.sources.kinds.declared import Kind

KIND = Kind(
    name="spend",
    table=tables.CHANNEL_SPEND,
    means="what was spent on advertising, by day and channel, or finer",
    columns=(
        Column(name="day", type="day", means="Day the money was spent.", required=True),
        Column(name="channel", type="text", means="Channel, in the words of the orders' channel.", required=True),
        Column(name="amount", type="money", means="Money spent; a credit is negative.", required=True),
        Column(name="campaign", type="text", means="Campaign, where the file says so."),
    ),
    replaces=("day", "channel", "campaign"),
    # A file may rename its campaigns when it is delivered again.
    replaces_in_file=("day", "channel"),
    staged_by_model=True,
)
