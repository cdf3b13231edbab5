"""Exports that a page starts: once at a time, with a receipt or a reason in the log."""

from __future__ import annotations

import subprocess
from threading import Event

import pytest
from visiting import DAY

from clv.core.errors import ClvError
from clv.marketing import acts, exports

EXPORT = ("win_back", "crm", DAY)


@pytest.fixture
def command(home, monkeypatch):
    """Stands for the command: what it prints and how it ends, when it may end, and the log."""

    class Command:
        log: list[tuple] = []
        printed, complained, code = "exported   win_back: 3 customers\n", "", 0
        may_end = Event()

    def run(words, **_):
        Command.words = words[2:]
        assert Command.may_end.wait(10)
        return subprocess.CompletedProcess(words, Command.code, Command.printed, Command.complained)

    Command.log, Command.may_end = [], Event()
    (home.home / "destinations").mkdir()
    (home.home / "destinations" / "crm.yml").write_text("to: file")
    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(acts, "record", lambda *given: Command.log.append(given[:4]) or len(Command.log))
    return Command


def ended(command) -> None:
    """Lets the command end, and waits for its receipt."""
    command.may_end.set()
    while exports.is_under_way("win_back"):
        Event().wait(0.01)


def test_the_receipt_follows_the_start(command, home):
    assert exports.start(EXPORT, "anna", home) == 1
    assert exports.is_under_way("win_back")
    ended(command)
    assert command.words == ["clv.cli", "export", "win_back", "--to=crm", "--as-of=2024-06-01"]
    assert command.log == [
        ("anna", "export", "list win_back", "export of win_back of 2024-06-01 to crm started"),
        ("anna", "exported", "list win_back", "exported   win_back: 3 customers"),
    ]


def test_the_same_export_is_not_started_twice_at_once(command, home):
    exports.start(EXPORT, "anna", home)
    with pytest.raises(ClvError, match="the export of win_back of 2024-06-01 to crm is under way"):
        exports.start(EXPORT, "bert", home)
    ended(command)
    exports.start(EXPORT, "bert", home)
    ended(command)


def test_a_failure_is_one_line(command, home):
    command.code, command.complained = 1, "a warning\nerror: crm does not answer\n"
    exports.start(EXPORT, "anna", home)
    ended(command)
    assert command.log[1] == ("anna", "export failed", "list win_back", "crm: crm does not answer")


def test_a_destination_that_is_not_declared_starts_nothing(command, home):
    with pytest.raises(ClvError, match="there is no destination 'shop'"):
        exports.start(("win_back", "shop", DAY), "anna", home)
    assert command.log == []
