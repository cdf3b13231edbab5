"""The step that loads the shop's files."""

from __future__ import annotations

from datetime import date

from clv import sources as ingestion
from clv.core import dates, settings
from clv.pipeline.steps import Facts
from clv.sources.loading import currencies


def ingest(as_of: date, run_id: str) -> Facts:  # noqa: ARG001 - raw is the same for every date
    """Loads the files in the landing folder that were not loaded before."""
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
    return {
        "files": len(results),
        "loaded files": len(new),
        "rows loaded": sum(result.loaded for result in new),
        "rows unreadable": sum(result.unreadable for result in new),
    }
