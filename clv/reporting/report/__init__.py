"""The pages of a published date in CLV_HOME/reports/<as_of_date>, and an index over all dates.

index.html is for marketers, operators.html for operators. Pages are self-contained HTML from the published tables: no
scripts, nothing to download, customers only by their pseudonyms.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Collection
from datetime import date
from pathlib import Path
from typing import Any

from clv.core import settings
from clv.core.errors import ClvError
from clv.reporting import gates, pages
from clv.reporting.report import reading, sections
from clv.warehouse import db, locks, publication, roles
from clv.warehouse.roles import PUBLISHER

PAGES = {"index.html": sections.FOR_MARKETERS, "operators.html": sections.FOR_OPERATORS}
DATES = re.compile(r'<nav class="dates">.*?</nav>', re.DOTALL)  # see templates/report/dates.html


def write(as_of: date, home: settings.Settings | None = None) -> Path:
    """Writes the pages of the date's published run and the index, each whole or not at all; returns the marketers'
    page.

    Raises ClvError when nothing is published for the date.
    """
    home = home or settings.load()
    published = publication.current(as_of)
    if published is None:
        removed = ", since upkeep has removed it" if as_of in publication.removed_dates() else ""
        raise ClvError(f"nothing is published for {as_of}{removed}; run `clv run --as-of {as_of}`")
    folder = home.reports / as_of.isoformat()
    # Hold the customer lock, so that data read before an erasure or a rotation of keys cannot be written after it.
    with db.lock(locks.CUSTOMERS, roles.url(PUBLISHER), shared=True):
        for name, text in _drawn(published, home).items():
            pages.replace(folder / name, text)
    write_index(home, around=[as_of])
    gates.write(published.run_id, home)  # the gates' page links to this page, which now exists
    return folder / "index.html"


def _drawn(published: publication.Publication, home: settings.Settings) -> dict[str, str]:
    """The text of each page, by its file name."""
    with reading.snapshot(published) as run:
        shown = {name: [_section(module, run) for module in chosen] for name, chosen in PAGES.items()}
    facts = {
        "publication": published,
        "totals": run.totals,
        "earlier": [],
        "later": [],
        "gates": gates.page_of(published.run_id, home).name,
    }
    environment = pages.environment()
    return {
        name: environment.get_template(f"report/{name}").render(
            facts, name=name, sections=[one for one in found if one]
        )
        for name, found in shown.items()
    }


def _section(module: Any, run: reading.Run) -> dict[str, Any] | None:
    facts = module.read(run)
    name = module.__name__.rpartition(".")[2]
    return facts and {"name": name, "title": module.TITLE, "template": f"report/{name}.html", "facts": facts}


def remove(days: Collection[date], home: settings.Settings) -> int:
    """Removes the pages of these dates, and the links to them; returns how many of the dates had pages."""
    there = [day for day in days if (home.reports / day.isoformat()).is_dir()]
    for day in there:
        shutil.rmtree(home.reports / day.isoformat())
    if there:
        write_index(home, around=there)
    return len(there)


def write_index(home: settings.Settings | None = None, around: Collection[date] = ()) -> Path:
    """Writes the index over all published dates, the newest first. Also updates the links between neighbouring dates in
    the pages of the dates `around`, and of those beside them."""
    home = home or settings.load()
    # Hold the lock, because two dates written at the same time could miss each other.
    with db.lock("reports' index", roles.url(PUBLISHER)):
        rows = [
            {
                "as_of_date": day.isoformat(),
                "run_id": one.run_id,
                "published_at": one.published_at,
                "customers": one.rows_published.get("customer_clv"),
                "has_page": (home.reports / day.isoformat() / "index.html").exists(),
            }
            for day, one in publication.by_date().items()
            if not one.removed_at
        ]
        judged = (home.reports / gates.FOLDER / "index.html").exists()
        text = pages.environment().get_template("index.html").render(publications=rows, gates=judged)
        pages.replace(home.reports / "index.html", text)
        _link(home, [row["as_of_date"] for row in rows if row["has_page"]], around)
    return home.reports / "index.html"


def _link(home: settings.Settings, days: list[str], around: Collection[date]) -> None:
    """Writes the links to neighbouring dates into the pages of the dates `around`, which may have none, and of those
    beside them. days: dates with pages, the newest first."""
    places = {sum(other > day.isoformat() for other in days) for day in around}
    for day in [day for at, day in enumerate(days) if places & {at - 1, at, at + 1}]:
        for name in PAGES:
            path = home.reports / day / name
            text = path.read_text(encoding="utf-8") if path.exists() else ""
            linked = DATES.sub(_dates(day, days, name), text, count=1)
            if linked != text:
                pages.replace(path, linked)


def _dates(day: str, days: list[str], name: str) -> str:
    """The links of the page `name` of a date: to all dates, and to the dates before and after."""
    at = days.index(day)
    earlier, later = days[at + 1 : at + 2], days[max(at - 1, 0) : at]
    return pages.environment().get_template("report/dates.html").render(earlier=earlier, later=later, name=name)
