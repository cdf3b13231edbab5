"""Exports that a page starts: once at a time, with a receipt or a reason in the log."""

from __future__ import annotations

import subprocess
from threading import Event

import pytest
from visiting import DAY

from clv.core.errors import ClvError, Unavailable
from clv.marketing import acts, exports

EXPORT = ("win_back", "crm", DAY)


@pytest.fixture
def command(home, monkeypatch):
    """Stands for the command: what it prints and how it ends, when it may end, and the log."""

    class Command:
        log: list[tuple] = []
        printed, complained, code = "exported   win_back: 3 customers\n", "", 0
        may_end, error = Event(), None

    def run(words, timeout, **_):
        Command.words, Command.seconds = words[2:], timeout
        assert Command.may_end.wait(10)
        if Command.error:
            raise Command.error
        return subprocess.CompletedProcess(words, Command.code, Command.printed, Command.complained)

    Command.log, Command.may_end = [], Event()
    (home.home / "destinations").mkdir()
    (home.home / "destinations" / "crm.yml").write_text("to: file")
    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(acts, "record", lambda *given: Command.log.append((*given[:4], *given[5:])) or len(Command.log))
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
        ("anna", "exported", "list win_back", "exported   win_back: 3 customers", 1),
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
    assert command.log[1] == ("anna", "export failed", "list win_back", "crm: crm does not answer", 1)


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (OSError("no memory"), "crm: it could not be run (no memory); export again"),
        (subprocess.TimeoutExpired("clv", 3600), "crm: it took longer than 60 minutes; export again to go on with it"),
    ],
)
def test_an_export_that_cannot_be_run_or_does_not_end_has_failed(command, home, error, says):
    command.error = error
    exports.start(EXPORT, "anna", home)
    ended(command)
    assert command.seconds == 3600
    assert command.log[1] == ("anna", "export failed", "list win_back", says, 1)


def test_without_the_warehouse_an_export_ends_without_a_receipt(command, home, monkeypatch):
    exports.start(EXPORT, "anna", home)

    def away(*_):
        raise Unavailable("the warehouse does not answer")

    monkeypatch.setattr(acts, "record", away)
    ended(command)
    assert len(command.log) == 1


def test_a_destination_that_is_not_declared_starts_nothing(command, home):
    with pytest.raises(ClvError, match="there is no destination 'shop'"):
        exports.start(("win_back", "shop", DAY), "anna", home)
    assert command.log == []
