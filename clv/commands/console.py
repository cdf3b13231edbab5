"""How commands report progress: live on a terminal, otherwise one line per finished step."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn

out = Console(highlight=False, soft_wrap=True)


@contextmanager
def steps(out: Console = out) -> Iterator[Callable[[str], AbstractContextManager]]:
    """Yields `step(label)`, a context manager that shows a step while it runs and how long it took."""
    with Progress(
        SpinnerColumn(finished_text="[green]✓[/]"),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=out,
        disable=not out.is_terminal,
    ) as progress:

        @contextmanager
        def step(label: str) -> Iterator[None]:
            begun = time.monotonic()
            task = progress.add_task(label, total=1)
            yield
            progress.update(task, completed=1)
            if not out.is_terminal:
                out.print(f"✓ {label} ({time.monotonic() - begun:.0f} s)")

        yield step


@contextmanager
def quiet(log: Path) -> Iterator[Console]:
    """Writes what libraries and child processes print to a file, and yields a console that still prints to the screen.
    Where the block fails, it names the file."""
    log.parent.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    kept = os.dup(1), os.dup(2)
    with log.open("wb") as file, os.fdopen(os.dup(1), "w") as screen:
        for number in (1, 2):
            os.dup2(file.fileno(), number)
        console = Console(highlight=False, soft_wrap=True, file=screen)
        try:
            yield console
        except Exception:
            console.print(f"log     {log}")
            raise
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for number, original in zip((1, 2), kept, strict=True):
                os.dup2(original, number)
                os.close(original)


@contextmanager
def warnings_of(name: str, console: Console) -> Iterator[None]:
    """Prints the warnings of a logger, each in one line. If logging has no other handler, writes them with their
    tracebacks to standard error too."""

    class OnScreen(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            console.print(f"warning {record.getMessage()}", markup=False)
            if logging.lastResort and not logging.getLogger().handlers:
                logging.lastResort.handle(record)

    logger, handler = logging.getLogger(name), OnScreen(logging.WARNING)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


@contextmanager
def rows_progress() -> Iterator[Callable[[str, int, int], None]]:
    """Yields `progress(file, rows done, total rows)`, which shows a bar per file on a terminal."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(show_speed=True),
        TimeElapsedColumn(),
        console=out,
        disable=not out.is_terminal,
    ) as bars:
        tasks: dict[str, TaskID] = {}

        def progress(file: str, done: int, total: int) -> None:
            if file not in tasks:
                tasks[file] = bars.add_task(file, total=total)
            bars.update(tasks[file], completed=done, total=total)

        yield progress
