"""A process that runs steps of the pipeline in forked children and injects faults into them: python victim.py LOG

Reads one order per line on stdin and answers each with one line, both JSON. An order names a step of
clv.pipeline.daily, its run, and a fault: the number of a commit, whether to strike `before` or `after` it, and what to
do: `kill` the child and all its processes (SIGKILL), or `pause` the child until the file `resume` is deleted. Counts
the commits of psycopg, dbt and SQLAlchemy.
"""

from __future__ import annotations

import json
import os
import pkgutil
import signal
import sys
import threading
import time
import traceback
from datetime import date
from pathlib import Path
from typing import Any

LONGEST = 240  # seconds after which a step counts as hanging


class Commits:
    """Counts commits and strikes at the one that the fault names."""

    def __init__(self, fault: dict | None) -> None:
        self.fault, self.count, self.lock = fault or {}, 0, threading.Lock()

    def around(self, commit: Any, *arguments: Any) -> Any:
        with self.lock:
            self.count += 1
            number = self.count
        self.strike(number, "before")
        result = commit(*arguments)
        self.strike(number, "after")
        return result

    def strike(self, number: int, when: str) -> None:
        if (self.fault.get("at"), self.fault.get("when")) != (number, when):
            return
        if self.fault["what"] == "kill":
            os.killpg(0, signal.SIGKILL)
        resume = Path(self.fault["resume"])
        resume.write_text(str(os.getpid()))
        while resume.exists():
            time.sleep(0.02)

    def watch(self) -> None:
        """Wraps every commit of this process."""
        import psycopg
        from dbt.adapters.sql import SQLConnectionManager
        from sqlalchemy.engine import Connection

        for kind, name in ((psycopg.Connection, "commit"), (SQLConnectionManager, "add_commit_query")):
            plain = getattr(kind, name)
            setattr(kind, name, lambda self, plain=plain: watching.around(plain, self))
        plain = Connection._commit_impl
        Connection._commit_impl = lambda self: watching.around(plain, self)
        watching = self


def take(order: dict, answer: Path) -> None:
    """Runs the step and writes its result."""
    from clv.pipeline import daily

    commits = Commits(order.get("fault"))
    commits.watch()
    try:
        facts = daily.take(
            order["step"], date.fromisoformat(order["as_of"]), order["run_id"], **order.get("options", {})
        )
        found = {"facts": facts, "commits": commits.count}
    except BaseException as error:  # noqa: BLE001 - the answer contains the error
        traceback.print_exc()
        found = {"error": f"{type(error).__name__}: {error}", "commits": commits.count}
    answer.write_text(json.dumps(found, default=str))


def obey(order: dict, log: Path) -> dict:
    """Executes one order in a child with a process group of its own; returns the result."""
    answer = log.with_suffix(".answer")
    answer.unlink(missing_ok=True)
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        with log.open("ab") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        os.environ |= order.get("environment", {})
        take(order, answer)
        sys.stdout.flush()
        os._exit(0)
    deadline = time.monotonic() + LONGEST
    while True:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            break
        if time.monotonic() > deadline:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return {"error": f"still at work after {LONGEST} seconds"}
        time.sleep(0.02)
    if answer.exists():
        return json.loads(answer.read_text())
    return {"killed": os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL}


def main() -> None:
    """Loads what steps need, then executes orders."""
    import clv.platform.runtime.scheduler  # noqa: F401 - from which Airflow forks them
    from clv.pipeline import steps

    for step in steps.daily():
        pkgutil.resolve_name(step.calls)
    log = Path(sys.argv[1])
    for line in sys.stdin:
        print(json.dumps(obey(json.loads(line), log)), flush=True)


if __name__ == "__main__":
    main()
