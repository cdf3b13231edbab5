"""The steps that fetch and load the shop's files."""

from __future__ import annotations

from datetime import date

from clv import sources as ingestion
from clv.core import dates, settings
from clv.pipeline.steps import Facts
from clv.sources.fetching import declaration
from clv.sources.fetching import fetch as fetching
from clv.sources.identities import linking
from clv.sources.loading import currencies
from clv.warehouse import runs


def fetch(as_of: date, run_id: str) -> Facts:
    """Fetches the declared sources into the landing folder. A run that was opened after its date fetches nothing, so
    that a backfill does not request the same rows again and again. A run of its own day fetches when it is repeated,
    also on a later day.

    A source that fails does not keep the others from being fetched. Raises its error then, or Unavailable if every
    failed source may answer later.
    """
    home = settings.load()
    sources = declaration.daily(home)
    if sources and as_of < runs.opened_on(run_id):
        print("this run was opened after its date, so it fetches nothing; `clv fetch` does", flush=True)
        sources = []
    fetched = fetching.fetch_each(
        sources, home, lambda one: print("\n".join(fetching.messages(one)), flush=True)
    )  # fmt: skip
    return {
        "connectors": len(sources),
        "fetched files": sum(one.files for one in fetched),
        "rows fetched": sum(one.rows or 0 for one in fetched),
    }


def ingest(as_of: date, run_id: str) -> Facts:  # noqa: ARG001 - raw is the same for every date
    """Loads the files in the landing folder that were not loaded before, and links the ids that are one person."""
    home = settings.load()
    currencies.require_same_currency(home)

    def report(result: ingestion.BatchResult) -> None:
        if not result.already_loaded:
            print("\n".join(ingestion.messages(result, home)), flush=True)

    results = ingestion.landing(home, today=dates.today(home.shop.time_zone), report=report)
    new = [result for result in results if not result.already_loaded]
    for result in new:
        for warning in result.comparison_warnings:
            print(f"{result.file_name}: warning: {warning}", flush=True)
    linked = linking.link(home)
    return {
        "files": len(results),
        "loaded files": len(new),
        "rows loaded": sum(result.loaded for result in new),
        "rows unreadable": sum(result.unreadable for result in new),
        **({"links between ids": linked} if linked else {}),
    }
