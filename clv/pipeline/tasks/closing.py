"""The steps that publish a run, and those that follow. All may be repeated."""

from __future__ import annotations

from datetime import date, timedelta

from clv.core import dates, settings
from clv.decisions.experiments import following
from clv.decisions.exporting import export as exporting
from clv.decisions.exporting import standing
from clv.decisions.lists import earnings
from clv.evaluation import external_scorecard
from clv.evaluation import scorecard as scorecards
from clv.pipeline.steps import Facts
from clv.reporting import report as pages
from clv.transform import dbt
from clv.warehouse import publication, runs

GRACE = timedelta(days=1)  # a run may end on the day after its date


def publish(as_of: date, run_id: str) -> Facts:
    """Publishes the run: from now on, readers of its date see it."""
    return publication.publish(as_of, run_id)


def scorecard(as_of: date, run_id: str) -> Facts:  # noqa: ARG001 - every date's matured forecasts
    """Compares published forecasts that have matured, and those of other systems, with the actual outcomes, and reads
    running experiments and the hold-outs of lists."""
    # All are measured with the persons of the newest published date, so that it does not matter which run measures.
    newest, home = publication.current(), settings.load()
    with dbt.persons_of(newest.as_of_date if newest else None, home):
        measured = {**scorecards.measure(), "external": external_scorecard.measure()}
    return {**measured, "experiments": following.read_all(home), "lists": earnings.read_all(home)}


def report(as_of: date, run_id: str) -> Facts:  # noqa: ARG001 - the page shows what is published
    """Writes the page of the date's published run."""
    return {"page": str(pages.write(as_of, settings.load()))}


def export(as_of: date, run_id: str) -> Facts:
    """Exports the approved lists that destinations name. A run that was opened after its date, or whose date is older
    than yesterday, exports nothing, so that neither a backfill nor a task that is cleared later contacts customers
    about the past."""
    home = settings.load()
    lists = standing.named(home)
    if lists and (as_of < runs.opened_on(run_id) or as_of < dates.today() - GRACE):
        print(
            "this run was opened after its date, or its date is over, so it exports nothing; "
            f"`clv export LIST --to DESTINATION --as-of {as_of}` does",
            flush=True,
        )
        lists = []
    receipts, waiting = standing.export_each(
        lists, as_of, home, lambda one: print("\n".join(exporting.messages(one, home)), flush=True)
    )
    return {
        "exported lists": len(receipts),
        "exported customers": sum(one.sent for one in receipts),
        **({"lists not approved": waiting} if waiting else {}),
    }
