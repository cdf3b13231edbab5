"""Ad spend: one row for each day and channel, or more detailed."""

from __future__ import annotations

from clv.catalog import tables
from clv.sources.kinds.columns import Column
from clv.sources.kinds.declared import Kind

KIND = Kind(
    name="spend",
    table=tables.CHANNEL_SPEND,
    means="money spent on advertising, by day and channel or in more detail",
    columns=(
        Column(name="day", type="day", means="Day on which the money was spent.", required=True),
        Column(name="channel", type="text", means="Channel, with the same names as in the orders.", required=True),
        Column(name="amount", type="money", means="Money spent; a credit is negative.", required=True),
        Column(name="campaign", type="text", means="Campaign, if the file has one."),
    ),
    replaces=("day", "channel", "campaign"),
    # A file that is delivered again may have renamed campaigns. It replaces its earlier rows by day and channel.
    replaces_in_file=("day", "channel"),
    staged_by_model=True,
)
