"""Ad spend: one row for each day and channel, or more detailed."""

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
    # A file that is delivered again may have renamed campaigns. It replaces its earlier rows by day and channel.
    replaces_in_file=("day", "channel"),
    staged_by_model=True,
)
