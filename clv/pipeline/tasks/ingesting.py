"""The steps that fetch and load the shop's files."""

from __future__ import annotations

from datetime import date

from clv import sources as ingestion
from clv.core import dates, settings
from clv.core.errors import ClvError, Unavailable
from clv.pipeline.steps import Facts
from clv.sources.fetching import declaration
from clv.sources.fetching import fetch as fetching
from clv.sources.identities import linking
from clv.sources.loading import currencies


def fetch(as_of: date, run_id: str) -> Facts:  # noqa: ARG001 - landing is the same for every date
    """Fetches the declared sources into the landing folder. A run for a past date fetches nothing, so that a backfill
    does not request the same rows again and again.

    A source that fails does not keep the others from being fetched. Raises its error then, or Unavailable if every
    failed source may answer later.
    """
    home = settings.load()
    sources = declaration.daily(home) if as_of >= dates.today() else []
    files, rows, failed = 0, 0, []
    for source in sources:
        try:
            fetched = fetching.fetch(source, home, fetching.loaded_files(source, home))
            files, rows = files + fetched.files, rows + (fetched.rows or 0)
            print("\n".join(fetching.messages(fetched)), flush=True)
        except ClvError as error:
            failed.append(error)
            print(f"{source}: {error}", flush=True)
    if failed:
        kind = Unavailable if all(isinstance(error, Unavailable) for error in failed) else ClvError
        raise kind("; ".join(map(str, failed)))
    return {"connectors": len(sources), "fetched files": files, "rows fetched": rows}


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
