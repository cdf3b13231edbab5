"""`clv sources guess`, `clv sources list`: the mappings, and which of them reads a file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from clv.commands.console import out
from clv.commands.formats import AsCsv, AsJson, format_of
from clv.core import settings, tabular
from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.sources.connectors import files
from clv.sources.guessing import drafting, fitting
from clv.sources.guessing.fitting import Guess
from clv.sources.guessing.understood import Understood
from clv.sources.kinds.mappings import described, known_sources

COLUMNS_SHOWN = 8  # of a row
app = typer.Typer(rich_markup_mode=None, no_args_is_help=True)


@app.callback()
def sources() -> None:
    """Say which mapping reads a file, or write the draft of one."""


@app.command("list")
def list_(as_csv: AsCsv = False, as_json: AsJson = False) -> None:
    """List the mappings: those that Perennial ships and your own, with what each reads."""
    home = settings.located()
    rows = (
        (name, kind, "yours" if path.is_relative_to(home.home) else "shipped", description)
        for name, path in sorted(known_sources(home).items())
        for kind, description in [described(name, home)]
    )
    tabular.write(["source", "kind", "from", "reads"], rows, format_of(as_csv, as_json))


@app.command()
def guess(
    file: Annotated[Path, typer.Argument(help="An export: CSV, Parquet, JSON or a workbook, also gzipped.")],
) -> None:
    """Say which mapping reads a file, and what it would read: columns, first rows, totals, rejected rows.

    Nothing is loaded, and the warehouse is not asked. Values of persons are masked. If no mapping reads the file, the
    draft of one is written into $CLV_HOME/sources, with questions as comments.
    """
    home = settings.located()
    found = fitting.guess(file, home)
    if not found.fits and not found.near and not found.written_otherwise:
        _draft(file, home)
        return
    best = chosen(file, found)
    others = [one.mapping.source for one in found.fits if one is not best]
    _show(file, best, others, home)


def chosen(file: Path, found: Guess) -> Understood:
    """Returns the one mapping that reads a file best. Raises ClvError, with a remedy, if there is none or several."""
    if len(found.best) > 1:
        names = [one.mapping.source for one in found.best]
        raise ClvError(
            f"{file.name} fits the mappings {' and '.join(names)} alike; name the right one: "
            f"`clv ingest --source {names[0]} --path {file}`"
        )
    if found.fits:
        return found.best[0]
    for source, why in found.near.items():
        raise ClvError(f"{file.name} has the columns of the mapping {source}, but cannot be read through it: {why}")
    for source, line in found.written_otherwise.items():
        raise ClvError(
            f"{file.name} has the columns of the mapping {source}, but is written otherwise; copy {source}.yml into "
            f"$CLV_HOME/sources under another name, and give it the line {line}"
        )
    raise ClvError(f"no mapping reads {file.name}; write the draft of one: `clv sources guess {file}`")


def guessed(path: Path, home: Settings) -> str:
    """Returns the name of the one mapping that reads a file, or all files of a folder. Raises ClvError with a
    remedy."""
    taken = {name: chosen(file, fitting.guess(file, home)).mapping.source for file, name in files.find(path)}
    if len(set(taken.values())) > 1:
        first: dict[str, str] = {}
        for name, source in taken.items():
            first.setdefault(source, name)
        listed = ", ".join(f"{name} ({source})" for source, name in first.items())
        raise ClvError(f"the files of {path} are of several sources, such as {listed}; load each source by itself")
    return next(iter(taken.values()))


def _draft(file: Path, home: Settings) -> None:
    text = drafting.draft(file, home)
    stem = re.sub(r"\W+", "_", file.name.lower().split(".")[0]).strip("_") or "shop"
    name = f"my_{stem}" if stem in known_sources(home) else stem
    place = home.home / "sources" / f"{name}.yml.draft"
    out.print(text, markup=False)
    if place.exists():
        out.print(f"no mapping reads {file.name}; {place} is there already and stays as it is", markup=False)
    else:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        out.print(f"no mapping reads {file.name}; this draft of one is in {place}", markup=False)
    load = f"`clv ingest --source {name} --path {file}`"
    out.print(f"answer its questions, call it {name}.yml, and load the file: {load}", markup=False)


def _show(file: Path, found: Understood, others: list[str], home: Settings) -> None:
    source = found.mapping.source
    parts = [
        ("mapping", f"{source}: {described(source, home)[1]}"),
        ("reads", ", ".join(found.columns.values())),
        ("does not read", ", ".join(found.unused) or "no column"),
        ("rows", f"{found.received:,} received, {found.usable:,} usable"),
        *(("rejected", f"{rows:,} by the filter {rule}") for rule, rows in found.rejected.items()),
        *(("unreadable", f"{rows:,}: {reason}") for reason, rows in found.unreadable.items()),
        *(("remedy", remedy) for remedy in found.remedies),
        *found.totals.items(),
    ]
    width = max(len(label) for label, _ in parts)
    for label, text in parts:
        out.print(f"{label:<{width}}  {text}", markup=False)
    if found.rows:
        out.print("The first rows, with the values of persons masked:")
        rows = [row[:COLUMNS_SHOWN] for row in found.rows]
        tabular.write(found.names[:COLUMNS_SHOWN], rows)
    if others:
        out.print(f"With fewer columns, it is also read through {', '.join(others)}.", markup=False)
    out.print(f"Load it: `clv ingest --source {source} --path {file}`", markup=False)
