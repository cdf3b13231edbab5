"""The page of a published date: CLV_HOME/reports/<as_of_date>/index.html, and an index over all dates.

Self-contained HTML from the published tables: no script, nothing fetched, customers by their pseudonyms alone.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from clv import pages, privacy, publication, roles, settings, warehouse
from clv.errors import ClvError
from clv.report import charts, facts, gates
from clv.roles import PUBLISHER


def write(as_of: date, home: settings.Settings | None = None) -> Path:
    """Writes the page of a date's published run and the index anew, each whole or not at all; returns the page.

    Raises ClvError when nothing is published for the date.
    """
    home = home or settings.load()
    published = publication.current(as_of)
    if published is None:
        raise ClvError(f"nothing is published for {as_of}; run `clv run --as-of {as_of}`")
    page = home.reports / as_of.isoformat() / "index.html"
    # Else a page that was read before an erasure, or a renaming, could come after it.
    with warehouse.lock(privacy.LOCK, roles.url(PUBLISHER), shared=True):
        found = facts.read(published)
        drawn = charts.drawn(found)
        pages.replace(page, pages.environment().get_template("report.html").render({**found, "charts": drawn}))
    write_index(home)
    return page


def write_index(home: settings.Settings | None = None) -> Path:
    """Writes the index over all published dates, the newest first."""
    home = home or settings.load()
    holding: dict[date, publication.Publication] = {}
    for one in publication.history():
        holding.setdefault(one.as_of_date, one)
    rows = [
        {
            "as_of_date": day.isoformat(),
            "run_id": one.run_id,
            "published_at": one.published_at,
            "customers": one.rows_published.get("customer_clv"),
            "has_page": (home.reports / day.isoformat() / "index.html").exists(),
        }
        for day, one in sorted(holding.items(), reverse=True)
    ]
    judged = (home.reports / gates.FOLDER / "index.html").exists()
    text = pages.environment().get_template("index.html").render(publications=rows, gates=judged)
    pages.replace(home.reports / "index.html", text)
    return home.reports / "index.html"
