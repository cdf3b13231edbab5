"""Whether an arm of an experiment may go out."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import psycopg

from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.decisions.experiments import assigning
from clv.decisions.exporting import ledger
from clv.decisions.exporting.ledger import Scope
from clv.warehouse import db
from clv.warehouse.roles import PUBLISHER


def scope(
    of: Scope, named: tuple[str, str], as_of: date | None, connection: psycopg.Connection, home: Settings
) -> Scope:
    """The scope of an arm: it has one date, on which the experiment began. of: the scope at the newest published date.
    named: the experiment and the arm. as_of: the date that was asked for, if any. connection: of the exporter.

    Raises ClvError if the experiment was not started, contacts nobody, has no such arm, or is over; if the arm is the
    control; or if another date was asked for. If the experiment is over, and the ledger has customers whose sending was
    interrupted, nothing is raised: nobody may go out, so the export marks them as unsure.
    """
    experiment, arm = named
    with db.connect(home.url_as(PUBLISHER)) as publisher:
        started = assigning.started(experiment, publisher)
    definition, began = started.definition, started.started_on
    if not definition.contact:
        raise ClvError(
            f"{experiment} contacts nobody (`contact: false` in its file), so its arms are not exported; `clv sql` "
            "reads its customers from analytics.experiment_customers"
        )
    if arm not in definition.treated:
        why = "is the control, which nobody contacts" if arm == definition.control else "is none of its arms"
        arms = " or ".join(f"{experiment}.{one}" for one in definition.treated)
        raise ClvError(f"'{arm}' of {experiment} {why}; export {arms}")
    if as_of not in (None, began):
        raise ClvError(
            f"{of.list_name} is an arm of an experiment that began on {began}, and goes out under this date alone; "
            f"run `clv export {of.list_name} --to {of.destination}`, and name it under no destination's `lists`"
        )
    found, end = replace(of, as_of_date=began), started.stopped_on or began + timedelta(days=definition.window_days)
    if of.as_of_date >= end and not ledger.unfinished(connection, found):
        raise ClvError(f"{experiment} was over on {end}; `clv experiment read {experiment}` says what it found")
    return found
