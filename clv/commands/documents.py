"""`clv dictionary`, `clv docs`, `clv env`: the warehouse's documentation, and dbt by itself."""

from __future__ import annotations

from clv.commands.console import out
from clv.core import settings
from clv.transform import dbt, dbt_environment
from clv.transform import dictionary as data_dictionary


def dictionary() -> None:
    """Print the data dictionary as Markdown, from the comments on the warehouse's tables and columns."""
    print(data_dictionary.markdown(), end="")


def env() -> None:
    """Print the lines with which dbt, called by itself, works on this home: eval "$(clv env)"."""
    print("\n".join(dbt_environment.for_shell(settings.load())))


def docs() -> None:
    """Write dbt's documentation of every model as one page, under CLV_HOME/reports/dbt."""
    out.print(f"written: {dbt.document(settings.load())}")
