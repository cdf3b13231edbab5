"""Whatever ends a session of tests, nothing of it runs on."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
from pathlib import Path

import left_behind
import psutil
import pytest

TESTS = Path(__file__).parents[1]
STARTS_AND_WAITS = f"""
import subprocess, sys, time
sys.path[:0] = [{str(TESTS / "support")!r}, {str(TESTS)!r}]
from conftest import nothing_left_behind
pytest_plugins = []
def test_something(tmp_path):
    apart = dict(start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    works = subprocess.Popen(["sleep", "600"], cwd=tmp_path, **apart)
    serving = ["sh", "-c", "sleep 600 & echo $!; wait"]
    serves = subprocess.Popen(serving, cwd="/", **{{**apart, "stdout": subprocess.PIPE}}, text=True)
    print("started", works.pid, serves.pid, serves.stdout.readline().strip(), flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=lambda one: one.name)
def test_an_interrupted_session_leaves_no_process(how: signal.Signals, tmp_path: Path):
    (tmp_path / "test_waiting.py").write_text(STARTS_AND_WAITS)
    options = ["-s", "-q", "-p", "no:cacheprovider", "--rootdir", tmp_path, "-c", os.devnull]
    command = [sys.executable, "-m", "pytest", *options, "--basetemp", tmp_path / "temp", "test_waiting.py"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as session:
        assert session.stdout
        started = next(line for line in session.stdout if "started" in line)
        left = [psutil.Process(int(number)) for number in started.split()[-3:]]
        with subprocess.Popen(["sleep", "600"], cwd=left[0].cwd()) as of_somebody_else:
            session.send_signal(how)
            session.wait()
            psutil.wait_procs(left, timeout=60)
            assert of_somebody_else.poll() is None
            of_somebody_else.kill()
    assert not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in left)


def test_processes_are_found_by_the_marks_that_they_inherit():
    mark = secrets.token_hex(8)
    environment = {**os.environ, left_behind.MARKS: f"other {mark}"}
    with subprocess.Popen(["sleep", "600"], env=environment) as marked:
        assert [process.pid for process in left_behind.of(mark)] == [marked.pid]
        assert left_behind.of(mark[:-1]) == []
        marked.kill()
