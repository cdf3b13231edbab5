"""The home's service processes: started detached, found again later, and ended with everything they started.

Each service, and so every task, dbt and Spark process below it, carries two marks in its environment: the home's id and
path. A process counts as ours only if it has both marks. So no other process is ever signalled, and every process of
ours is found, in whatever session or process group it is.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

from clv.core import settings

HOME_ID = "CLV_HOME_ID"
SERVICE = "CLV_SERVICE"
CALLERS_OWN = {"PATH", "NO_PROXY"}  # these differ between shells, and a difference is no reason to restart a service
LOG_LIMIT = 20_000_000  # bytes: a log larger than this is moved to .log.1 when its service starts


@dataclass(frozen=True)
class Service:
    """A program that runs until it is stopped: name, command line, and environment in addition to the caller's."""

    name: str
    command: list[str]
    environment: dict[str, str]

    @property
    def digest(self) -> str:
        """Changes when the service has to be restarted to match its definition."""
        kept = sorted(item for item in self.environment.items() if item[0] not in CALLERS_OWN)
        parts = json.dumps([self.command, kept])
        return hashlib.sha256(parts.encode()).hexdigest()


def start(home: settings.Settings, service: Service) -> int:
    """Starts a service in a session of its own, with its output in logs/<name>.log, and records it; returns its pid."""
    log = log_file(home, service.name)
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_suffix(".log.1"))
    environment = {**os.environ, **service.environment, **_marks(home), SERVICE: service.name}
    with log.open("a") as output:
        child = subprocess.Popen(
            service.command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=home.home,
            env=environment,
            start_new_session=True,
        )
    process = psutil.Process(child.pid)
    while child.poll() is None and not _is_ours(home, process):
        time.sleep(0.01)  # the kernel shows the environment of a new program only after a moment
    record = {"pid": child.pid, "started": process.create_time(), "digest": service.digest}
    path = _record(home, service.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(record))
    partial.replace(path)
    return child.pid


def find(home: settings.Settings, name: str) -> psutil.Process | None:
    """The running service of that name, or None. A pid that was reused by another process does not count."""
    record = _read(home, name)
    try:
        process = psutil.Process(record["pid"])
        same = abs(process.create_time() - record["started"]) < 2
        return process if same and process.status() != psutil.STATUS_ZOMBIE and _is_ours(home, process) else None
    except (KeyError, psutil.Error):
        return None


def is_current(home: settings.Settings, service: Service) -> bool:
    """Whether the service runs and was started with exactly this command and environment."""
    return _read(home, service.name).get("digest") == service.digest and find(home, service.name) is not None


def started_at(home: settings.Settings, name: str) -> float:
    """When the service was last started, in seconds since 1970."""
    return float(_read(home, name).get("started", 0))


def ours(home: settings.Settings, *services: str) -> list[psutil.Process]:
    """All processes of this home's services, or of the named services, with all their descendants.

    Leaves out the calling process and its ancestors.
    """
    above = {os.getpid(), *(process.pid for process in psutil.Process().parents())}
    return [
        process for process in psutil.process_iter() if process.pid not in above and _is_ours(home, process, services)
    ]


def stop(home: settings.Settings, *services: str, grace: float = 15) -> int:
    """Ends those services (all when none is named) and everything they started; returns the number of processes ended.

    Sends SIGTERM first and SIGKILL to those left after `grace` seconds. Returns when none is left.
    """
    ended = end(ours(home, *services), grace)
    while left := ours(home, *services):  # started while the others were ending
        ended += end(left, 0)
    for name in services or [path.stem for path in _record(home, "any").parent.glob("*.json")]:
        _record(home, name).unlink(missing_ok=True)
    return ended


def end(processes: Iterable[psutil.Process], grace: float) -> int:
    """Sends SIGTERM to each, and SIGKILL to those left after `grace` seconds; waits until all have ended."""
    left = list(processes)
    count = len(left)
    if grace:
        _signal(left, "terminate")
        left = _wait(left, grace)
    _signal(left, "kill")
    _wait(left, 10)
    return count


def log_file(home: settings.Settings, name: str) -> Path:
    """The file of a service's output."""
    return home.home / "logs" / f"{name}.log"


def log_tail(home: settings.Settings, name: str) -> str:
    """The last non-empty line of a service's log, for an error message."""
    path = log_file(home, name)
    if not path.exists():
        return ""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 4000))
        lines = file.read().decode(errors="replace").splitlines()
    return next((line.strip()[:600] for line in reversed(lines) if line.strip()), "")


def _signal(processes: list[psutil.Process], how: str) -> None:
    for process in processes:
        try:
            getattr(process, how)()
        except psutil.NoSuchProcess:
            continue


def _wait(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    deadline = time.monotonic() + seconds
    while (left := [process for process in processes if _lives(process)]) and time.monotonic() < deadline:
        psutil.wait_procs(left, timeout=0.2)
    return left


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _marks(home: settings.Settings) -> dict[str, str]:
    return {HOME_ID: home.state["home_id"], "CLV_HOME": str(home.home)}


def _is_ours(home: settings.Settings, process: psutil.Process, services: tuple[str, ...] = ()) -> bool:
    if "home_id" not in home.state:
        return False
    try:
        environment = process.environ()
    except (psutil.Error, OSError):
        return False
    marked = all(environment.get(name) == value for name, value in _marks(home).items())
    return marked and (not services or environment.get(SERVICE) in services)


def _record(home: settings.Settings, name: str) -> Path:
    return home.home / "run" / f"{name}.json"


def _read(home: settings.Settings, name: str) -> dict:
    try:
        return json.loads(_record(home, name).read_text())
    except (FileNotFoundError, ValueError):
        return {}
