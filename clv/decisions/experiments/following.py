"""Reads running experiments after each publication, so that nobody has to."""

from __future__ import annotations

from clv.catalog import tables
from clv.core.settings import Settings
from clv.decisions.experiments import reading, wording
from clv.warehouse import db
from clv.warehouse.roles import PUBLISHER

# The experiments with a day that is over by the newest published date, of which no read-out was made at their end or
# later.
_OPEN = f"""
    select experiment
    from {tables.EXPERIMENTS} as experiments
    where started_on < (select max(as_of_date) from {tables.PUBLICATIONS} where removed_at is null)
        and not exists (
            select from {tables.EXPERIMENT_RESULTS} as results
            where results.experiment = experiments.experiment
                and (
                    results.state in ('{reading.CLOSED}', '{reading.STOPPED}')
                    or results.state = '{reading.MISMATCH}'
                    and (results.days_read >= results.window_days or results.as_of_date >= experiments.stopped_on)
                )
        )
    order by experiment
"""  # noqa: S608 - our own names


def read_all(home: Settings) -> int:
    """Reads each running experiment by the newest published date, and each that has ended once more, and publishes the
    read-outs. Returns how many."""
    names = [name for (name,) in db.rows(_OPEN, url=home.url_as(PUBLISHER))]
    for name in names:
        found = reading.read(name, None, home)
        reading.record(found, wording.messages(found), home)
    return len(names)
