from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from multiprocessing.connection import Connection

import numpy as np
import psutil
import pytest

from clv.core.errors import ClvError
from spark_jobs.io import parallel


def sum_and_process(shared: np.ndarray, place: int) -> tuple[float, int]:
    return float(shared[place:].sum()), os.getpid()


def killed(_: None, place: int) -> int:
    if place == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)
    return place


def killed_while_it_answers(_: None, __: int) -> bytes:
    def half(self: Connection, text: bytes) -> None:
        os.write(self.fileno(), text[: len(text) // 2])
        os.kill(os.getpid(), signal.SIGKILL)

    Connection._send = half  # type: ignore[attr-defined]
    return bytes(10_000)


def ends_the_others(_: None, place: int) -> int:
    """Sends SIGTERM to itself, to each process beside it, and to the parent."""
    for process in psutil.Process(os.getppid()).children():
        process.terminate()
    os.kill(os.getppid(), signal.SIGTERM)
    time.sleep(0.5)
    return place


def refused(_: None, place: int) -> int:
    if place == 1:
        raise ClvError("no money today; come back tomorrow")
    time.sleep(60)
    return place


def children() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


@pytest.mark.parametrize(("master", "processes"), [("local[1]", 1), ("local[3]", 3)])
def test_results_are_in_the_order_of_the_items(monkeypatch: pytest.MonkeyPatch, master: str, processes: int) -> None:
    monkeypatch.setenv("SPARK_MASTER", master)
    before = children()
    with parallel.sharing(np.arange(5.0), "sums were computed") as each:
        found = list(each(sum_and_process, [4, 0, 3]))
    assert [total for total, _ in found] == [4.0, 10.0, 7.0]
    assert ({os.getpid()} == {process for _, process in found}) == (processes == 1)
    assert children() == before


@pytest.mark.parametrize(
    ("work", "message"),
    [
        (
            killed,
            "a process was killed while nothing was computed, perhaps because memory ran out; free",
        ),
        (
            killed_while_it_answers,
            "a process was killed while nothing was computed, perhaps because memory ran out; free",
        ),
        (refused, "no money today; come back tomorrow"),
    ],
)
def test_a_failure_is_one_line_and_ends_the_other_processes(
    monkeypatch: pytest.MonkeyPatch, work: object, message: str
) -> None:
    monkeypatch.setenv("SPARK_MASTER", "local[2]")
    before, start = children(), time.monotonic()
    with pytest.raises(ClvError, match=message), parallel.sharing(None, "nothing was computed") as each:
        list(each(work, [1, 2]))  # type: ignore[arg-type]
    assert time.monotonic() - start < 30
    assert children() == before


def test_a_signal_to_the_group_is_left_to_the_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARK_MASTER", "local[2]")
    received: list[int] = []
    own = signal.signal(signal.SIGTERM, lambda number, _: received.append(number))
    try:
        with parallel.sharing(None, "signals were sent") as each:
            assert list(each(ends_the_others, [1, 2])) == [1, 2]
    finally:
        signal.signal(signal.SIGTERM, own)
    assert set(received) == {signal.SIGTERM}  # two that come at once count as one


SCRIPT = """
import os, time
from spark_jobs.io import parallel
def wait(_, place):
    open(f"{os.environ['SEEN']}/{os.getpid()}", "w").close()
    time.sleep(60)
with parallel.sharing(None, "nothing was computed") as each:
    list(each(wait, [1, 2]))
"""


def test_processes_end_with_their_parent(tmp_path) -> None:
    environment = {**os.environ, "SPARK_MASTER": "local[2]", "SEEN": str(tmp_path)}
    parent = subprocess.Popen([sys.executable, "-c", SCRIPT], env=environment)
    started: list[psutil.Process] = []
    while len(started) < 2:
        time.sleep(0.05)
        started = [psutil.Process(int(path.name)) for path in tmp_path.iterdir()]
        assert parent.poll() is None
    parent.kill()
    parent.wait()
    _, alive = psutil.wait_procs(started, timeout=20)
    assert alive == []
