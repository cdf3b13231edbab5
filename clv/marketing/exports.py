"""Exports that a page starts: each in a process of its own, since one may take long and load much, and the API server
goes on meanwhile. Its receipt is logged. An export that ends with the server is continued by starting it again: the
ledger knows who went out."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from datetime import date
from threading import Lock, Thread

import psycopg

from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.decisions.exporting import declaration
from clv.marketing import acts

EXPORTED, FAILED = "exported", "export failed"  # receipts
LONGEST = 3600  # seconds that an export may take
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
        Thread(target=_run, args=(export, by, number, home), daemon=True).start()
    except BaseException:
        _under_way.discard(export)
        raise
    return number


def is_under_way(list_name: str) -> bool:
    """Whether an export of a list is under way that this server started."""
    return any(name == list_name for name, _, _ in set(_under_way))


def _run(export: Export, by: str, number: int, home: Settings) -> None:
    """Runs an export, and logs the receipt of the act with this number."""
    try:
        act, detail = _ended(export, home)
        # Without the warehouse there is no receipt; the page says then that the export ended without one.
        with suppress(ClvError, psycopg.Error):
            acts.record(by, act, f"list {export[0]}", detail, home, number)
    finally:
        _under_way.discard(export)


def _ended(export: Export, home: Settings) -> tuple[str, str]:
    """Runs an export to its end. Returns the act that its receipt is, and what it says."""
    list_name, destination, day = export
    command = [sys.executable, "-m", "clv.cli", "export", list_name, f"--to={destination}", f"--as-of={day}"]
    try:
        done = subprocess.run(
            command, env={**os.environ, "CLV_HOME": str(home.home)}, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=LONGEST,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return FAILED, f"{destination}: it took longer than {LONGEST // 60} minutes; export again to go on with it"
    except (OSError, ValueError) as error:
        return FAILED, f"{destination}: it could not be run ({error}); export again"
    if done.returncode == 0:
        return EXPORTED, done.stdout.strip()
    reason = (done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"])[-1]
    return FAILED, f"{destination}: {reason.removeprefix('error: ')}"
