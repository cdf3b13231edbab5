"""The command `clv`. Each command is a function in a module of clv/commands, imported when that command is called."""

from __future__ import annotations

import ast
import os
import signal
import stat
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup

from clv import commands
from clv.core.errors import ClvError

# The commands in the order of the help, each with its module. So `clv status` waits for nothing that Spark needs.
COMMANDS = {
    "up": "services",
    "down": "services",
    "status": "services",
    "ingest": "data",
    "fetch": "fetching",
    "sources": "sources",
    "replay": "data",
    "schema": "data",
    "batches": "listing",
    "rejects": "listing",
    "withdraw": "data",
    "drop-kind": "data",
    "rebuild": "rebuilding",
    "restore": "backups",
    "backup": "backups",
    "identities": "identities",
    "export": "exporting",
    "erase": "privacy",
    "rotate-key": "privacy",
    "run": "runs",
    "backfill": "runs",
    "runs": "listing",
    "models": "models",
    "alerts": "alerts",
    "backtest": "backtest",
    "sql": "queries",
    "metric": "metrics",
    "experiment": "experiment",
    "dictionary": "documents",
    "docs": "documents",
    "env": "documents",
    "publish": "publishing",
    "lists": "lists",
    "approve": "lists",
    "demo": "demo",
}
MANNERS: dict[str, Any] = {"add_completion": False, "pretty_exceptions_enable": False, "rich_markup_mode": None}


class OnDemand(TyperGroup):
    """Imports the module of a command only when the command is called, and none to list them."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, _, rest = super().resolve_command(ctx, args)
        return name, loaded(name) if name else None, rest

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - typer's signature
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary(name)) for name in COMMANDS])


def loaded(name: str) -> Any:
    """The command of that name, as typer runs it, or the group of commands that its module makes as `app`."""
    module, alone = import_module(f"clv.commands.{COMMANDS[name]}"), typer.Typer(**MANNERS)
    if group := getattr(module, "app", None):
        alone.add_typer(group, name=name)
        return typer.main.get_group(alone).commands[name]
    alone.command(name)(getattr(module, name.replace("-", "_")))
    return typer.main.get_command(alone)


def summary(name: str) -> str:
    """The first sentence of the command's docstring, read without importing its module."""
    module = ast.parse((Path(commands.__path__[0]) / f"{COMMANDS[name]}.py").read_text())
    functions = {node.name: node for node in module.body if isinstance(node, ast.FunctionDef)}
    return " ".join((ast.get_docstring(functions[name.replace("-", "_")]) or "").split()).partition(". ")[0]


app = typer.Typer(
    name="clv",
    help="Customer lifetime value, kept in your warehouse.",
    cls=OnDemand,
    no_args_is_help=True,
    **MANNERS,
)
_arrived: list[int] = []  # the signals that end this command
for name in COMMANDS:
    app.command(name)(lambda: None)  # stands for the command until it is called


def main() -> None:
    """Runs the command. A user's mistake gives one line on stderr and exit code 1, or 2 for a wrong command line."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:  # nohup ignores SIGHUP
            signal.signal(number, _end)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # a shell's `&` ignores SIGINT
        signal.signal(signal.SIGINT, _interrupt)
    try:
        app()
    except ClvError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:  # the reader, such as `head`, closed the pipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except KeyboardInterrupt:
        _exit_interrupted(signal.SIGINT)
    except RuntimeError:
        if not _arrived:
            raise
        _exit_interrupted(_arrived[0])  # DuckDB raises RuntimeError in place of what the signal's handler raised


def _exit_interrupted(number: int) -> NoReturn:
    if number == signal.SIGINT:
        print("interrupted", file=sys.stderr)
    sys.exit(128 + number)


def _interrupt(number: int, _: object) -> None:
    """Interrupts the command from the keyboard."""
    _arrived.append(number)
    raise KeyboardInterrupt


def _end(number: int, _: object) -> None:
    """Ends the command like an interruption from the keyboard, so that it stops what it started."""
    _arrived.append(number)
    for other in (signal.SIGTERM, signal.SIGHUP):  # a second one would interrupt the stopping
        signal.signal(other, signal.SIG_IGN)
    if number == signal.SIGHUP:
        _leave_terminal()
    sys.exit(128 + number)


def _leave_terminal() -> None:
    """Discards what is printed from now on to a terminal: it was closed, and printing to it would fail."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for number in (1, 2):
        if stat.S_ISCHR(os.fstat(number).st_mode):  # not a file or a pipe
            os.dup2(nowhere, number)


if __name__ == "__main__":
    main()
