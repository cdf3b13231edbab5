"""`clv backup`, and `clv restore` for a withdrawn batch or a whole home."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clv import sources as door
from clv.commands.console import out, steps
from clv.core import settings
from clv.platform import backup as backups


def backup(to: Annotated[Path, typer.Option(help="A new folder, which becomes the backup.")]) -> None:
    """Save the warehouse, the models and the keys they depend on, while everything keeps running.

    Only the folder's owner can read it, since it holds personal data and the key that customers are named with.
    """
    with steps() as step:
        manifest, remarks = backups.backup(to, settings.load(), step)
    out.print(f"backup     {to}, {sum(file['bytes'] for file in manifest['files'].values()) / 1e6:,.1f} MB")
    out.print(f"published  {_published(manifest)}")
    for remark in remarks:
        out.print(f"[yellow]note:[/] {remark}")


def restore(
    batch: Annotated[
        int | None, typer.Option(help="Number of a batch that was withdrawn, as `clv batches` lists it.")
    ] = None,
    backup: Annotated[Path | None, typer.Option(help="A folder that clv backup made; the home must be empty.")] = None,
    erasures: Annotated[
        Path | None,
        typer.Option(help="With --backup: the present file secrets/erasures of the home that was backed up."),
    ] = None,
) -> None:
    """Restore a withdrawn batch, which counts again from the next run on, or a whole home from a backup."""
    home = settings.load()
    if (batch is None) == (backup is None):
        raise typer.BadParameter("give either --batch or --backup")
    if batch is not None:
        door.restore(batch, home)
        out.print(f"batch {batch} is restored; runs from now on count its rows")
    if backup is not None:
        with steps() as step:
            manifest, remarks = backups.restore(backup, home, step, erasures)
        out.print(f"restored   {home.home}; `clv up` starts it")
        out.print(f"published  {_published(manifest)}")
        for remark in remarks:
            out.print(f"[yellow]note:[/] {remark}")


def _published(manifest: dict) -> str:
    newest = manifest["published"]
    return f"newest {newest['as_of_date']}, digest {newest['digest']}" if newest else "nothing yet"
