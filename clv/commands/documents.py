"""`clv dictionary`, `clv docs`, `clv env`: the warehouse's documentation, and dbt by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clv.commands.console import out
from clv.core import settings
from clv.reporting import pages
from clv.transform import dbt, dbt_environment
from clv.transform import dictionary as data_dictionary


def dictionary(
    to: Annotated[Path | None, typer.Option("--out", help="A file to write, which is replaced at the end.")] = None,
) -> None:
    """Print the data dictionary as Markdown, from the comments on the warehouse's tables and columns."""
    text = data_dictionary.markdown()
    if to is None:
        print(text, end="")
    else:
        pages.replace(to, text)
        out.print(f"written: {to}", markup=False, soft_wrap=True)


def env() -> None:
    """Print the lines with which dbt, called by itself, works on this home: eval "$(clv env)"."""
    print("\n".join(dbt_environment.for_shell(settings.load())))


def docs() -> None:
    """Write dbt's documentation of every model as one page, under CLV_HOME/reports/dbt."""
    out.print(f"written: {dbt.document(settings.load())}")
