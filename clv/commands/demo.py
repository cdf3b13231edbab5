"""`clv demo`: everything once, on the simulated shop."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import sample_shop
from clv import sources
from clv.catalog import tables
from clv.commands import services
from clv.commands.console import out, steps
from clv.core import dates, settings
from clv.core.errors import ClvError
from clv.platform import airflow_api
from clv.platform.runtime import stack
from clv.reporting import analyst
from clv.sources.kinds.mappings import load_mapping
from clv.warehouse import db, roles

SOURCE = "sample_shop"
SOURCES = (
    SOURCE,
    "ad_spend",
    "klaviyo_profiles",
)  # the mappings of its files; the files of each kind have their own folder
CUSTOMERS = 2000
SEED = 7
PAST_DAYS = 3


def demo() -> None:
    """Show everything on a simulated shop.

    Starts the services, makes and loads the shop, runs several days through Airflow, and prints the customers' value.
    Skips what is already done, and refuses a home that holds another shop's orders. If it is interrupted, it stops the
    services that it started.
    """
    with stopped_if_interrupted():
        show()


@contextmanager
def stopped_if_interrupted() -> Iterator[None]:
    """Stops the home's services if the block is interrupted and they did not run before. A user's mistake is no
    interruption."""
    ran = stack.runs(settings.located())
    try:
        yield
    except ClvError:
        raise
    except BaseException:  # also an OSError: printing fails as soon as the terminal is closed
        if not ran:
            stop()
        raise


def stop() -> None:
    """Stops the home's services, also if what it does cannot be shown."""
    try:
        with steps() as step:
            stack.down(settings.located(), step)
    except OSError:
        stack.down(settings.located())


def show() -> None:
    """Runs the demo."""
    home, _ = services.start()
    refuse_other_shops(home)
    today = dates.today()
    with steps() as step:
        with step("the simulated shop is made"):
            shop = make_shop(home, today)
        with step("its files are loaded"):
            load(home, shop)
    wanted = list(dates.each_date(today - timedelta(days=PAST_DAYS), today))
    for first, last in stretches([day for day in wanted if day not in published(home)]):
        out.print(f"running clv_daily for {first} to {last} through Airflow")
        airflow_api.backfill(home, first, last, 1, out)
    out.print()
    analyst.summary(home, out)
    out.print()
    services.where(home, show_password=True)
    for page in sorted(home.reports.glob("*.html"))[-1:]:
        out.print(f"report     {page}")


def refuse_other_shops(home: settings.Settings) -> None:
    """Raises ClvError when the warehouse holds orders of anything but the simulated shop."""
    query = f"select min(source) from {tables.BATCHES} where kind = %s and source <> %s"  # noqa: S608 - our own names
    other = db.rows(query, (load_mapping(SOURCE, home).kind, SOURCE), home.url_as(roles.LOADER))[0][0]
    if other:
        raise ClvError(f"this home holds the orders of {other}; run the demo in its own: CLV_HOME=.clv-demo clv demo")


def make_shop(home: settings.Settings, until: date) -> Path:
    """Returns the folder of the simulated shop, and makes it if it does not exist; it appears whole or not at all."""
    folder = home.home / SOURCE
    if not folder.exists():
        partial = folder.with_name(f"{SOURCE}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        sample_shop.make(partial, customers=CUSTOMERS, seed=SEED, until=until)
        partial.rename(folder)
    return folder


def load(home: settings.Settings, shop: Path) -> None:
    """Loads the files of the shop; skips those that were loaded before."""
    for source in SOURCES:
        folder = shop / load_mapping(source, home).kind
        if folder.exists():  # a shop made by an earlier version has fewer kinds of files
            sources.load(source, folder, home)


def published(home: settings.Settings) -> set[date]:
    """The dates that are published already."""
    query = f"select distinct as_of_date from {tables.PUBLICATIONS}"  # noqa: S608 - our own names
    return {day for (day,) in db.rows(query, url=home.url_as(roles.PUBLISHER))}


def stretches(days: list[date]) -> list[tuple[date, date]]:
    """Splits sorted dates into stretches of consecutive days; returns the first and last day of each."""
    if not days:
        return []
    breaks = [index for index, (one, next_one) in enumerate(pairwise(days), 1) if (next_one - one).days > 1]
    starts, ends = [0, *breaks], [*breaks, len(days)]
    return [(days[start], days[end - 1]) for start, end in zip(starts, ends, strict=True)]
