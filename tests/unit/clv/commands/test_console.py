"""What a command prints, and what it writes to a file."""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from clv.commands import console


def chatter() -> None:
    """The output of libraries: from this process, directly to its file descriptors, and from child processes."""
    os.write(1, b"from Python\n")
    os.write(2, b"from a library\n")
    subprocess.run([sys.executable, "-c", "print('from a child')"], check=True)


def test_a_user_reads_the_steps_and_the_log_has_the_rest(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "logs" / "backtest.log"
    with console.quiet(log) as screen, console.steps(screen) as step:
        with step("the work is done"):
            chatter()
        screen.print("report  page.html")
    print("afterwards")
    printed = capfd.readouterr()
    done, *after = printed.out.splitlines()
    assert re.fullmatch(r"✓ the work is done \(\d+ s\)", done)
    assert after == ["report  page.html", "afterwards"]
    assert printed.err == ""
    assert {"from Python", "from a library", "from a child"} <= set(log.read_text().splitlines())


def test_a_run_that_fails_names_the_log(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "backtest.log"

    def fail() -> None:
        with console.quiet(log):
            chatter()
            raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        fail()
    assert capfd.readouterr().out.split() == ["log", str(log)]


def test_a_loggers_warnings_are_read_in_one_line_and_their_tracebacks_kept(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])  # pytest's own
    logger = logging.getLogger("clv.forecasters")
    with console.warnings_of("clv.forecasters", console.out):
        try:
            raise OSError("no money today")
        except OSError:
            logger.warning("mean_order is left out", exc_info=True)
        logger.info("2 are fitted")
    printed = capfd.readouterr()
    assert printed.out.splitlines() == ["warning mean_order is left out"]
    assert "OSError: no money today" in printed.err
    assert logger.handlers == []
