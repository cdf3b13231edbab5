"""The dates that the demo still has to run, and what it leaves when it is interrupted."""

from datetime import date

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


@pytest.mark.parametrize("end", [KeyboardInterrupt, SystemExit(143)])
@pytest.mark.parametrize("ran_before", [False, True])
def test_an_interrupted_demo_stops_the_services_that_it_started(end, ran_before, monkeypatch):
    stopped = []
    monkeypatch.setattr(stack, "runs", lambda _: ran_before)
    monkeypatch.setattr(stack, "down", lambda home, _: stopped.append(home))
    with pytest.raises((KeyboardInterrupt, SystemExit)), stopped_if_interrupted():
        raise end
    assert len(stopped) == (0 if ran_before else 1)


def test_a_demo_that_ends_leaves_the_services_running(monkeypatch):
    monkeypatch.setattr(stack, "down", lambda *_: pytest.fail("the services were stopped"))
    with stopped_if_interrupted():
        pass
    with pytest.raises(ClvError), stopped_if_interrupted():
        raise ClvError("the shop is another one")
