"""`clv ingest`, `clv replay`, `clv withdraw`, `clv drop-kind`, `clv schema`: the files of the shop."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from clv import sources as door
from clv.commands.console import out, rows_progress
from clv.commands.sources import guessed
from clv.core import dates, settings
from clv.core.errors import ClvError
from clv.sources.kinds.schema import of_mappings
from clv.sources.loading import dropping


def ingest(
    path: Annotated[Path, typer.Option(help="A file, or a folder whose files are all loaded.")],
    source: Annotated[
        str | None,
        typer.Option(help="Name of a mapping: a file in sources/ without .yml. By default, the one that fits."),
    ] = None,
) -> None:
    """Load files of a source, as received.

    Reads CSV, Parquet, JSON and workbooks, also gzipped. A file that was loaded before is not loaded again, unless
    another file took its name. Rows that cannot be read are kept with their line and the reason. Exits with 1 when no
    row of any file could be read. Without --source, the mapping is the one whose columns the files have; where two fit
    alike, nothing is loaded.
    """

    def show(results: Iterable[door.BatchResult]) -> None:
        for line in (line for result in results for line in door.messages(result, home)):
            out.print(line, markup=False)

    home = settings.load()
    if source is None:
        source = guessed(path, home)
        out.print(f"the columns are those of the mapping {source}", markup=False)
    loaded: dict[int, door.BatchResult] = {}
    try:
        with rows_progress() as progress:
            today = dates.today(home.shop.time_zone)
            results = door.load(
                source, path, home, progress, today=today, report=lambda one: loaded.update({one.batch_id: one})
            )
    except ClvError:  # show the files of a folder that were loaded before the error
        with suppress(ClvError):
            show(loaded.values())
        raise
    show(results)
    if len(results) > 1:
        new = [result for result in results if not result.already_loaded]
        out.print(
            f"{len(results)} files, {len(new)} new: {sum(result.received for result in new):,} rows received, "
            f"{sum(result.loaded for result in new):,} loaded, {sum(result.unreadable for result in new):,} rejected"
        )
    door.require_rows(results)


def replay(
    source: Annotated[str | None, typer.Option(help="All batches of a source.")] = None,
    batch: Annotated[int | None, typer.Option(help="One batch, by its number.")] = None,
) -> None:
    """Load rejected rows again after the mapping was corrected. The rows of a batch keep its place in the order of
    batches."""
    if (source is None) == (batch is None):
        raise typer.BadParameter("give either --source or --batch")
    results = door.replay(settings.load(), source, batch)
    for replayed in results:
        new = replayed.result
        if replayed.later:
            out.print(
                f"{replayed.file_name}: batch {replayed.batch_id} is skipped: batch {replayed.later} has loaded the "
                "same content since"
            )
        elif new is None:
            out.print(
                f"{replayed.file_name}: batch {replayed.batch_id} is unchanged: none of its rejected rows can be loaded"
            )
        else:
            out.print(
                f"{replayed.file_name}: batch {replayed.batch_id} is now batch {new.batch_id}, {new.received:,} rows "
                f"received, {new.usable:,} usable ({replayed.usable_before:,} before), {new.unreadable:,} unreadable"
            )
    if not results:
        out.print("there are no rejected rows to load again")


def withdraw(
    batch: Annotated[int, typer.Option(help="Number of the batch, as `clv batches` lists it.")],
    reason: Annotated[str, typer.Option(help="The reason, stored with the batch.")],
) -> None:
    """Withdraw a batch: its rows stay as received, but no longer count from the next run on."""
    earlier = door.withdraw(batch, reason, settings.located())
    again = f"; where it replaced rows of batch {earlier}, an earlier load of the same file, these count again"
    out.print(f"batch {batch} is withdrawn; from the next run on its rows do not count{again if earlier else ''}")


def drop_kind(
    kind: Annotated[str, typer.Argument(help="The kind whose folder was removed.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Drop all rows of a kind of source whose folder was removed.

    Also deletes the rows as received, and the ids of persons known only from them. To keep them, put the folder back
    instead. Cannot be undone.
    """
    home = settings.load()
    rows = dropping.rows(kind, home)
    if not yes and not typer.confirm(f"Drop the {rows:,} rows of the kind {kind} from {home.home}, for good?"):
        raise typer.Abort
    batches = dropping.drop(kind, home)
    out.print(f"the rows of the kind {kind} are dropped, {batches:,} batches; the next run builds without them")


def schema() -> None:
    """Write the JSON Schema of mappings, by which an editor completes and checks them.

    Of the shipped kinds of sources and of those in CLV_HOME/kinds.
    """
    print(json.dumps(of_mappings(settings.located()), indent=2))
