"""Runs a program and measures its time, and the peak memory of it and of a home's database."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import inf
from pathlib import Path

import psutil

from clv.core.places import PROJECT

SHORTEST, LONGEST = 0.25, 1.0  # seconds between two samples of memory
SAMPLING = 0.02  # the share of the time that samples should take


@dataclass(frozen=True)
class Measured:
    """What a program cost. seconds: of wall clock, with its start. peak: bytes of PSS."""

    seconds: float
    peak: int
    exit_code: int


def run(module: str, *arguments: object, home: Path, log: Path) -> Measured:
    """Runs `python -m MODULE ARGUMENTS` with CLV_HOME=home and its output in `log`, and measures it."""
    return program([sys.executable, "-m", module, *arguments], log, home, env=environment(home), cwd=PROJECT)


def program(command: Sequence[object], log: Path, home: Path | None = None, limit: float = inf, **options) -> Measured:
    """Runs a command with its output appended to `log`, and measures it and the database of `home`.

    Ends it, with all that it started, after `limit` seconds, or where the caller is interrupted.
    """
    started, peak = time.perf_counter(), 0
    with log.open("ab") as output:
        child = subprocess.Popen(
            list(map(str, command)), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, **options
        )
        try:
            while child.poll() is None and time.perf_counter() - started < limit:
                began = time.perf_counter()
                peak = max(peak, sum(map(pss, processes(child.pid, home))))
                with suppress(subprocess.TimeoutExpired):
                    child.wait(min(max(SHORTEST, (time.perf_counter() - began) / SAMPLING), LONGEST))
        finally:
            if child.poll() is None:
                end(child)
    return Measured(time.perf_counter() - started, peak, child.wait())


def end(child: subprocess.Popen) -> None:
    """Kills a program and all that it started, and waits until they have ended."""
    left = list(descendants(child.pid))
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    child.wait()  # before psutil, which would take its exit code
    psutil.wait_procs(left, timeout=10)


def environment(home: Path) -> dict[str, str]:
    """The caller's environment, with this home and its own database and model registry."""
    others = ("CLV_WAREHOUSE_URL", "MLFLOW_TRACKING_URI")
    return {**{name: value for name, value in os.environ.items() if name not in others}, "CLV_HOME": str(home)}


def processes(pid: int, home: Path | None) -> Iterator[psutil.Process]:
    """A process with its descendants, and the processes of the home's database."""
    yield from descendants(pid)
    file = home and home / "postgres" / "postmaster.pid"
    if file and file.exists():
        yield from descendants(int(file.read_text().split()[0]))


def descendants(pid: int) -> Iterator[psutil.Process]:
    """A process and everything below it."""
    try:
        process = psutil.Process(pid)
        yield from (process, *process.children(recursive=True))
    except psutil.NoSuchProcess:
        return


def pss(process: psutil.Process) -> int:
    """The proportional set size in bytes: shared pages are divided among the processes that share them. 0 for a
    process that has ended."""
    try:
        lines = Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


def last_line(log: Path) -> str:
    """The last line of a log that is not blank, for an error."""
    return next((line for line in reversed(log.read_text(errors="replace").splitlines()) if line.strip()), "")
