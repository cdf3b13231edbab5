"""Child processes of a task: their output goes to the task's log, and they die with the task."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
from collections import deque

from clv import settings
from clv.errors import ClvError, Unavailable

PR_SET_PDEATHSIG = 1
# How a module begins the line that says what stopped it.
SAID = {"error: ": ClvError, "unavailable: ": Unavailable}


def die_with_parent() -> None:
    """For `preexec_fn`: the kernel ends this process when its parent goes, however the parent went."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def run_module(module: str, *arguments: str) -> dict:
    """Runs `python -m module …`, echoing its output; returns the facts it prints as JSON in its last line.

    Raises ClvError, or Unavailable, with the module's own line where it names what stopped it, else RuntimeError.
    """
    command = [sys.executable, "-u", "-m", module, *arguments]
    environment = {**os.environ, **settings.QUIET, "PYTHONPATH": str(settings.PROJECT)}
    last: deque[str] = deque(maxlen=20)
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
        preexec_fn=die_with_parent,  # noqa: PLW1509 - nothing but one system call
    ) as process:
        assert process.stdout is not None  # noqa: S101 - for the type checker
        for line in process.stdout:
            print(line.rstrip(), flush=True)
            if line.strip():
                last.append(line.strip())
    if process.returncode:
        for line in reversed(last):
            for prefix, error in SAID.items():
                if line.startswith(prefix):
                    raise error(line.removeprefix(prefix))
        raise RuntimeError(f"{module} ended with {process.returncode}; the lines above say why")
    return json.loads(last[-1])
