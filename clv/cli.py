"""The command `clv`. Each command is a function in a module of clv/commands, which imports what it needs when it
runs."""

from __future__ import annotations

import os
import sys

import typer

from clv.commands import backtest, backups, data, listing, privacy, queries, runs, services
from clv.core.errors import ClvError

app = typer.Typer(
    name="clv",
    help="Customer lifetime value, kept in your warehouse.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

for command in (
    services.up,
    services.down,
    services.status,
    data.ingest,
    data.replay,
    listing.batches,
    listing.rejects,
    data.withdraw,
    backups.restore,
    backups.backup,
    privacy.erase,
    privacy.rotate_key,
    runs.run,
    runs.backfill,
    listing.runs,
    listing.models,
    backtest.backtest,
    queries.sql,
    queries.metric,
    queries.dictionary,
    queries.docs,
    queries.env,
    data.publish,
):
    app.command()(command)


@app.command()
def demo() -> None:
    """Show everything on a simulated shop.

    Starts the services, makes and loads the shop, runs several days through Airflow, and prints the customers' value.
    """
    from clv.commands.demo import demo

    demo()


def main() -> None:
    """Runs the command. A user's mistake gives one line on stderr and exit code 1, or 2 for a wrong command line."""
    try:
        app()
    except ClvError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:  # the reader, such as `head`, closed the pipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)
