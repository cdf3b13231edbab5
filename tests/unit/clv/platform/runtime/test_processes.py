"""Small real processes: started detached, recognised, and ended with all they started."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from clv.core import settings
from clv.platform.runtime import processes
from clv.platform.runtime.processes import Service

# A service that ignores SIGTERM if told to, and starts a child in its own session.
PARENT = """
import signal, subprocess, sys, time
if "stubborn" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
print("started", child.pid, flush=True)
time.sleep(600)
"""


def service(*arguments: str, **environment: str) -> Service:
    return Service("example", [sys.executable, "-c", PARENT, *arguments], environment)


def started_child(home: settings.Settings) -> int:
    """The pid that the service printed for its child."""
    log = processes.log_file(home, "example")
    for _ in range(200):
        words = log.read_text().split()
        if len(words) >= 2:
            return int(words[-1])
        time.sleep(0.05)
    raise AssertionError("the service did not start its child")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[settings.Settings]:
    made = settings.load(tmp_path / "a home").remember(home_id="one")
    yield made
    processes.stop(made, grace=0)


def test_a_service_is_found_until_it_is_stopped(home):
    pid = processes.start(home, service())
    child = started_child(home)
    found = processes.find(home, "example")
    assert found is not None
    assert found.pid == pid
    assert {process.pid for process in processes.ours(home)} == {pid, child}
    assert processes.stop(home, "example") == 2
    assert processes.find(home, "example") is None
    assert processes.ours(home) == []


def test_a_stubborn_service_is_killed(home):
    processes.start(home, service("stubborn"))
    started_child(home)
    assert processes.stop(home, grace=0.5) == 2
    assert processes.ours(home) == []


def test_children_of_a_killed_service_are_still_found(home):
    pid = processes.start(home, service())
    child = started_child(home)
    psutil.Process(pid).kill()
    psutil.Process(pid).wait()
    assert processes.find(home, "example") is None
    assert [process.pid for process in processes.ours(home, "example")] == [child]


def test_another_home_and_unmarked_processes_are_left_alone(home, tmp_path):
    other = settings.load(tmp_path / "other").remember(home_id="two")
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        processes.start(other, service())
        started_child(other)
        assert processes.stop(home) == 0
        assert processes.find(other, "example") is not None
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()
        processes.stop(other, grace=0)


def test_a_reused_pid_is_not_taken_for_the_service(home):
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        record = {"pid": stranger.pid, "started": psutil.Process(stranger.pid).create_time(), "digest": ""}
        (home.home / "run").mkdir()
        (home.home / "run" / "example.json").write_text(json.dumps(record))
        assert processes.find(home, "example") is None
        processes.stop(home, "example")
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_changed_environment_makes_a_service_stale(home):
    processes.start(home, service(COLOUR="red", PATH="/one"))
    assert processes.is_current(home, service(COLOUR="red", PATH="/two"))
    assert not processes.is_current(home, service(COLOUR="blue", PATH="/one"))


def test_the_tail_of_a_log_is_its_last_line(home):
    log = processes.log_file(home, "example")
    log.parent.mkdir()
    log.write_text("first\nthe reason\n\n")
    assert processes.log_tail(home, "example") == "the reason"
    assert processes.log_tail(home, "absent") == ""
