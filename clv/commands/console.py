"""How commands talk: progress on a terminal, one line per finished step elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

out = Console(highlight=False, soft_wrap=True)


@contextmanager
def steps() -> Iterator[Callable[[str], AbstractContextManager]]:
    """Gives `step(label)`, which shows a piece of work while it lasts and how long it took."""
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
