"""A step in its own file and folder, as somebody who extends the pipeline adds it."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from clv.pipeline import steps

LAST = steps.daily()[-1].name  # no step follows it

GREETING = f'''
"""Counts the customers that may be greeted."""

from clv.pipeline.steps import Step

STEPS = (
    Step(
        "greet", "act", "dim_customer of the run", "nothing", "clv.pipeline.steps.greeting:greet",
        after="{LAST}", pool="build", given={{"trained": "train"}}, closes=True,
    ),
)


def greet(as_of, run_id, trained):
    from clv.warehouse import db

    query = "select count(*) from analytics_runs.dim_customer where as_of_date = %s and run_id = %s"
    return {{"greeted": db.rows(query, (as_of, run_id))[0][0], "after training": trained["trained"]}}
'''


@contextmanager
def planted(folder: Path, **modules: str) -> Iterator[None]:
    """Writes modules of steps to a folder, and makes the pipeline read that folder inside the context."""
    for name, text in modules.items():
        (folder / f"{name}.py").write_text(text)
    importlib.invalidate_caches()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(steps, "__path__", [*steps.__path__, str(folder)])
        try:
            yield
        finally:
            for name in modules:
                sys.modules.pop(f"{steps.__name__}.{name}", None)
