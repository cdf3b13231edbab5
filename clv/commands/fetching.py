"""`clv fetch`: brings the rows of the shop's databases and services into the landing folder."""

from __future__ import annotations

from typing import Annotated

import typer

from clv.commands.console import out
from clv.core import settings
from clv.core.errors import ClvError
from clv.sources.fetching import declaration
from clv.sources.fetching import fetch as fetching


def fetch(
    source: Annotated[
        list[str] | None, typer.Argument(help="Names of declared connectors. By default, all of them.")
    ] = None,
    again: Annotated[
        bool, typer.Option("--all", help="Read everything again, and write what is new or changed.")
    ] = False,
) -> None:
    """Fetch new rows of databases and services into the landing folder.

    CLV_HOME/sources/connectors/SOURCE.yml declares where the rows of a source are (docs/connectors.md). Each fetch
    continues where the last one ended, even if that was interrupted. The next run loads the files, or `clv ingest`.
    """
    home = settings.load()
    if not (sources := source or declaration.declared(home)):
        raise ClvError(
            f"no connector is declared; write {home.home / declaration.FOLDER}/SOURCE.yml (docs/connectors.md)"
        )

    def report(fetched: fetching.Fetched) -> None:
        for line in fetching.messages(fetched):
            out.print(line, markup=False)
        if fetched.files:
            folder = home.landing / fetched.source
            load = f"clv ingest --source {fetched.source} --path {folder}"
            out.print(f"the next run loads them; to load them now: `{load}`", markup=False)

    fetching.fetch_each(sources, home, report, again)
