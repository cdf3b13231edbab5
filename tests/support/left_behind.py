"""Ends what a session of tests leaves behind: python left_behind.py MARK

Waits until its input closes, as happens when the session ends, however it ends. Then ends every process that carries
the session's mark.
"""

from __future__ import annotations

import sys

import psutil

from clv.platform.runtime import processes

MARKS = "MARKS_OF_TESTS"  # the environment variable, inherited by whatever a session starts; marks are apart by spaces
ROUNDS = 3  # more would not end what the kernel keeps


def of(mark: str) -> list[psutil.Process]:
    """The processes that carry a mark in their environment."""
    found = []
    for process in psutil.process_iter():
        try:
            marks = process.environ().get(MARKS, "").split()
        except (psutil.Error, OSError):
            continue
        if mark in marks:
            found.append(process)
    return found


if __name__ == "__main__":
    sys.stdin.read()
    for _ in range(ROUNDS):  # some may start others while they end
        processes.end(of(sys.argv[1]), grace=10)
