"""Exports that a page starts: each in a process of its own, since one may take long and load much, and the API server
goes on meanwhile. Its receipt is logged. An export that ends with the server is continued by starting it again: the
ledger knows who went out."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date
from threading import Lock, Thread

from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.decisions.exporting import declaration
from clv.marketing import acts

Export = tuple[str, str, date]  # list, destination, date
_under_way: set[Export] = set()
_changing = Lock()


def start(export: Export, by: str, home: Settings) -> int:
    """Starts an export; returns the number of the act. Raises ClvError if the destination's declaration is invalid, or
    if the same export is under way."""
    list_name, destination, day = export
    what = f"{list_name} of {day} to {destination}"
    declaration.load(destination, home)
    with _changing:
        if export in _under_way:
            raise ClvError(f"the export of {what} is under way; its receipt will be on the page of the list")
        _under_way.add(export)
    try:
        number = acts.record(by, "export", f"list {list_name}", f"export of {what} started", home)
        Thread(target=_run, args=(export, by, home), daemon=True).start()
    except BaseException:
        _under_way.discard(export)
        raise
    return number


def is_under_way(list_name: str) -> bool:
    """Whether an export of a list is under way that this server started."""
    return any(name == list_name for name, _, _ in set(_under_way))


def _run(export: Export, by: str, home: Settings) -> None:
    list_name, destination, day = export
    subject = f"list {list_name}"
    command = [sys.executable, "-m", "clv.cli", "export", list_name, f"--to={destination}", f"--as-of={day}"]
    try:
        done = subprocess.run(
            command, env={**os.environ, "CLV_HOME": str(home.home)}, stdin=subprocess.DEVNULL, capture_output=True,
            text=True,
        )  # fmt: skip
        if done.returncode == 0:
            acts.record(by, "exported", subject, done.stdout.strip(), home)
        else:
            reason = (done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"])[-1]
            acts.record(by, "export failed", subject, f"{destination}: {reason.removeprefix('error: ')}", home)
    finally:
        _under_way.discard(export)
