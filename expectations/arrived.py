"""Whether staging is another one than a run was built from."""

from __future__ import annotations

from clv.catalog import tables
from clv.core.sql_text import literal
from clv.quality.rules import Slice
from clv.transform import notes


def meanwhile(slice_: Slice) -> str:
    """An SQL condition: staging is in another state now than when the run's features were built."""
    built_from = f"""(
        select facts->>'staging' from {tables.TASK_LOG}
        where run_id = {literal(slice_.run_id)} and task = 'build_features' and facts->>'staging' is not null
        order by ended_at desc limit 1
    )"""  # noqa: S608 - our own SQL; values are bound or quoted
    return f"coalesce({built_from} <> {notes.STAGING_STATE}, false)"
