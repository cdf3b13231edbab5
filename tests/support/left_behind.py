"""Ends what a session of tests leaves behind: python left_behind.py FOLDER

Waits until its input closes, as happens when the session ends, however it ends. Then ends every process that works in
the folder, or whose home is in it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import psutil

from clv.platform.runtime import processes


def of(folder: Path) -> list[psutil.Process]:
    """The processes that work in a folder or whose CLV_HOME is in it."""
    found = []
    for process in psutil.process_iter():
        try:
            places = [process.cwd(), process.environ().get("CLV_HOME", "")]
        except (psutil.Error, OSError):
            continue
        if any(Path(place).is_relative_to(folder) for place in places if place):
            found.append(process)
    return found


if __name__ == "__main__":
    sys.stdin.read()
    while left := of(Path(sys.argv[1])):
        processes.end(left, grace=10)
