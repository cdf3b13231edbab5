"""The dates that the demo still has to run, and what it leaves when it is interrupted."""

import errno
import os
import pty
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest

from clv.commands.demo import stopped_if_interrupted, stretches
from clv.core.errors import ClvError
from clv.platform.runtime import stack


def march(*days: int) -> list[date]:
    return [date(2024, 3, day) for day in days]


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ([], []),
        (march(4), [(4, 4)]),
        (march(1, 2, 3), [(1, 3)]),
        (march(1, 3, 4, 6), [(1, 1), (3, 4), (6, 6)]),
    ],
)
def test_stretches_of_consecutive_days(days, expected):
    assert [(first.day, last.day) for first, last in stretches(days)] == expected


@pytest.mark.parametrize("end", [KeyboardInterrupt, SystemExit(143), OSError(errno.EIO, "the terminal is closed")])
@pytest.mark.parametrize("ran_before", [False, True])
def test_an_interrupted_demo_stops_the_services_that_it_started(end, ran_before, monkeypatch):
    stopped = []
    monkeypatch.setattr(stack, "runs", lambda _: ran_before)
    monkeypatch.setattr(stack, "down", lambda home, _: stopped.append(home))
    with pytest.raises((KeyboardInterrupt, SystemExit, OSError)), stopped_if_interrupted():
        raise end
    assert len(stopped) == (0 if ran_before else 1)


def test_a_demo_that_ends_leaves_the_services_running(monkeypatch):
    monkeypatch.setattr(stack, "down", lambda *_: pytest.fail("the services were stopped"))
    with stopped_if_interrupted():
        pass
    with pytest.raises(ClvError), stopped_if_interrupted():
        raise ClvError("the shop is another one")


def test_a_demo_stops_its_services_also_if_what_it_does_cannot_be_shown(monkeypatch):
    calls = []

    def down(_, step=None):
        calls.append(step)
        if step:
            raise BrokenPipeError

    monkeypatch.setattr(stack, "runs", lambda _: False)
    monkeypatch.setattr(stack, "down", down)
    with pytest.raises(KeyboardInterrupt), stopped_if_interrupted():
        raise KeyboardInterrupt
    assert len(calls) == 2
    assert calls[1] is None


DEMO = """
import os, sys, time
from pathlib import Path
from clv import cli
from clv.commands import demo
from clv.commands.console import steps
from clv.platform.runtime import stack
folder = Path(sys.argv.pop())
os.open(os.ttyname(0), os.O_RDWR)  # makes it the terminal of this session, whose end is told by SIGHUP
def show():
    with steps() as step, step("the demo is shown"):
        (folder / "begun").touch()
        time.sleep(60)
def down(home, step):
    with step("Airflow is stopped"):
        pass
    with step("PostgreSQL is stopped"):
        (folder / "stopped").touch()
demo.show, stack.runs, stack.down = show, lambda _: False, down
try:
    cli.main()
except SystemExit as ended:
    (folder / "exit").write_text(str(ended.code))
"""


def test_a_demo_stops_its_services_if_its_terminal_is_closed(tmp_path: Path):
    terminal, own_end = pty.openpty()
    command = [sys.executable, "-c", DEMO, "demo", str(tmp_path)]
    ends = {"stdin": own_end, "stdout": own_end, "stderr": own_end}
    with subprocess.Popen(command, start_new_session=True, env={**os.environ, "TERM": "xterm"}, **ends) as process:
        os.close(own_end)
        while process.poll() is None and not (tmp_path / "begun").exists():
            time.sleep(0.1)
        os.close(terminal)
    assert (tmp_path / "stopped").exists()
    assert (tmp_path / "exit").read_text() == "129"
