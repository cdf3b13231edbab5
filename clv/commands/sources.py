"""`clv sources guess`, `clv sources list`: the mappings, and which of them reads a file."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
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
from clv.sources.kinds.mappings import described, known_sources, load_mapping
from clv.sources.mapping.complaints import printable

COLUMNS_SHOWN = 8  # of a row
NAMES_SHOWN = 40  # of columns in a line
app = typer.Typer(rich_markup_mode=None, no_args_is_help=True)


@app.callback()
def sources() -> None:
    """Say which mapping reads a file, or write the draft of one."""


@app.command("list")
def list_(as_csv: AsCsv = False, as_json: AsJson = False) -> None:
    """List the mappings: those that Perennial ships and your own, with what each reads."""
    home = settings.located()
    rows = (
        (name, *_described(name, home), "yours" if path.is_relative_to(home.home) else "shipped")
        for name, path in sorted(known_sources(home).items())
    )
    tabular.write(["source", "kind", "reads", "from"], rows, format_of(as_csv, as_json))


def _described(source: str, home: Settings) -> tuple[str, str]:
    """Returns the kind of a mapping and what it reads, or what is wrong with it."""
    try:
        load_mapping(source, home)
        return described(source, home)
    except ClvError as error:
        return "invalid", str(error)


@app.command()
def guess(
    file: Annotated[Path, typer.Argument(help="An export: CSV, Parquet, JSON or a workbook, also gzipped.")],
    source: Annotated[str | None, typer.Option(help="Show what this mapping would read; by default, all.")] = None,
) -> None:
    """Show which mapping reads a file, and what it would read.

    Shows columns, first rows, totals, rejected rows and warnings. Nothing is loaded, and the warehouse is not needed.
    Customers, addresses and names are masked. If no mapping reads the file, the draft of one is written into
    $CLV_HOME/sources, with questions as comments.
    """
    home = settings.located()
    if source is not None and source not in known_sources(home):
        raise ClvError(f"there is no source '{source}'; `clv sources list` lists them")
    found = fitting.guess(file, home, source)
    for name, why in found.invalid.items():
        out.print(f"note: the mapping {name} is invalid and was not tried: {why}", markup=False)
    if source is None and not (found.fits or found.near or found.written_otherwise):
        for text in _lacking(file, found):
            out.print(f"note: {text}", markup=False)
        _draft(file, home)
        return
    best = chosen(file, found, home)
    others = [one.mapping.source for one in found.fits if one is not best]
    _show(file, best, others, home)


def chosen(file: Path, found: Guess, home: Settings) -> Understood:
    """Returns the one mapping that reads a file best. Raises ClvError, with a remedy, if there is none or several."""
    name = printable(file.name)
    if len(found.best) > 1:
        names = [one.mapping.source for one in found.best]
        raise ClvError(
            f"{name} fits the mappings {' and '.join(names)} alike; look at one with "
            f"`clv sources guess {_path(file)} --source {shlex.quote(names[0])}`, and load the right one with "
            f"`{_load(names[0], file)}`"
        )
    if found.fits:
        return found.best[0]
    for source, why in found.near.items():
        raise ClvError(
            f"{name} has the columns of the mapping {source}, but cannot be read through it: {why}"
            f"{_copied(source, home)}"
        )
    for source, line in found.written_otherwise.items():
        raise ClvError(
            f"{name} has the columns of the mapping {source}, but is written otherwise: it needs the line {line}"
            f"{_copied(source, home)}"
        )
    for text in _lacking(file, found):
        raise ClvError(text)
    for source, why in found.invalid.items():
        raise ClvError(f"no valid mapping reads {name}; the mapping {source} is invalid: {why}")
    raise ClvError(f"no mapping reads {name}; write the draft of one: `clv sources guess {_path(file)}`")


def guessed(path: Path, home: Settings) -> str:
    """Returns the name of the one mapping that reads a file, or all files of a folder. Raises ClvError with a
    remedy."""
    taken = {name: chosen(file, fitting.guess(file, home), home).mapping.source for file, name in files.find(path)}
    if len(set(taken.values())) > 1:
        first: dict[str, str] = {}
        for name, source in taken.items():
            first.setdefault(source, name)
        listed = ", ".join(f"{name} ({source})" for source, name in first.items())
        raise ClvError(f"the files of {path} are of several sources, such as {listed}; load each source by itself")
    return next(iter(taken.values()))


def _path(file: Path) -> str:
    """Returns a path as an argument for a shell."""
    return shlex.quote(f"./{file}" if str(file).startswith("-") else str(file))


def _load(source: str, file: Path) -> str:
    return f"clv ingest --source {shlex.quote(source)} --path {_path(file)}"


def _copied(source: str, home: Settings) -> str:
    """Says how to change a shipped mapping; empty if it is the shop's own."""
    shipped, folder = known_sources(home)[source], home.home / "sources"
    if shipped.is_relative_to(home.home):
        return ""
    return f"; to change {source}, copy {shipped} to {folder / f'my_{source}.yml'}, and use the source my_{source}"


def _lacking(file: Path, found: Guess) -> list[str]:
    """Says which mappings would nearly read a file."""
    return [
        f"{printable(file.name)} would be read through the mapping {source}, but has no column "
        f"{' and none called '.join(repr(one) for one in columns)}; export it with that, or make it optional in a copy "
        "of the mapping (a ? after its name)"
        for source, columns in found.lacking.items()
    ]


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
        place.touch(mode=0o600)
        place.write_text(text, encoding="utf-8")
        out.print(f"no mapping reads {printable(file.name)}; this draft of one is in {place}", markup=False)
    answer = f"answer its questions, call it {name}.yml, look again with `clv sources guess {_path(file)}`"
    out.print(f"{answer}, and load the file with `{_load(name, file)}`", markup=False)


def _show(file: Path, found: Understood, others: list[str], home: Settings) -> None:
    source = found.mapping.source
    parts = [
        ("mapping", f"{source}: {described(source, home)[1]}"),
        ("reads", _some(dict.fromkeys(found.columns.values()))),
        ("does not read", _some(found.unused) or "no column"),
        ("rows", f"{found.received:,} received, {found.usable:,} usable"),
        *(("rejected", f"{rows:,} by the filter {rule}") for rule, rows in found.rejected.items()),
        *(("rejected", f"{rows:,} without {name}") for name, rows in found.incomplete.items()),
        *(("unreadable", f"{rows:,}: {reason}") for reason, rows in found.unreadable.items()),
        *(("remedy", remedy) for remedy in found.remedies),
        *(("warning", warning) for warning in found.warnings),
        *found.totals.items(),
    ]
    width = max(len(label) for label, _ in parts)
    for label, text in parts:
        out.print(f"{label:<{width}}  {text}", markup=False)
    if found.rows:
        out.print("The first usable rows (customers, addresses and names of persons are masked):")
        rows = [row[:COLUMNS_SHOWN] for row in found.rows]
        tabular.write(found.names[:COLUMNS_SHOWN], rows)
    if others:
        out.print(f"With fewer columns, it is also read through {', '.join(others)}.", markup=False)
    if found.received:
        out.print(f"Load it: `{_load(source, file)}`", markup=False)
    else:
        out.print("It has a header and no rows, so there is nothing to load.")


def _some(names: Iterable[str]) -> str:
    """Lists names of columns, the first of them if they are many."""
    shown = [printable(name) for name in names]
    more = [f"and {len(shown) - NAMES_SHOWN} more"] if len(shown) > NAMES_SHOWN else []
    return ", ".join([*shown[:NAMES_SHOWN], *more])
