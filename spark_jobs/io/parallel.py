"""Runs a function for many items at once: in processes of this machine or, if SPARK_MASTER names a cluster, as Spark's
tasks.

Each item is computed on one thread, because threads would add numbers in another order. The results are therefore the
same for any number of processes, and on a cluster.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Protocol, TypeVar

from threadpoolctl import threadpool_limits

from clv.core.errors import ClvError
from clv.core.processes import die_with_parent
from spark_jobs.io import cores, session

Item = TypeVar("Item")
Result = TypeVar("Result")


class Each(Protocol):
    """Runs work(shared, item) for each item. Yields the results in the order of the items, each as soon as it is there.

    work: a function of a module, whose result depends on its arguments alone. Items are begun in the given order, so
    the longest should be first. Take all results before the next call.
    """

    def __call__(self, work: Callable[[Any, Item], Result], items: Sequence[Item]) -> Iterator[Result]: ...


@contextmanager
def sharing(shared: Any, name: str) -> Iterator[Each]:
    """Yields the function that runs another function for many items, all of which get `shared`. Take the results within
    the block.

    shared: may be large. Processes of this machine inherit it without a copy. name: what is computed, for errors.
    Processes that are started end with the block, and with this process. Raises ClvError if one of them is killed.
    """
    if session.on_cluster():
        yield _on_spark(shared)
    else:
        with on_this_machine(shared, name) as each:
            yield each


@contextmanager
def on_this_machine(shared: Any, name: str) -> Iterator[Each]:
    """Does what `sharing` does, without a cluster."""
    if cores.allowed() == 1:
        with threadpool_limits(limits=1):
            yield lambda work, items: (work(shared, item) for item in items)
    else:
        with _processes(shared, name) as each:
            yield each


@contextmanager
def _processes(shared: Any, name: str) -> Iterator[Each]:
    context, workers = multiprocessing.get_context("fork"), dict[Connection, BaseProcess]()

    def each(work: Callable[[Any, Item], Result], items: Sequence[Item]) -> Iterator[Result]:
        waiting, answers, busy = deque(enumerate(items)), dict[int, Result](), set[Connection]()
        for place in range(len(items)):
            while place not in answers:
                for worker in [one for one in workers if one not in busy][: len(waiting)]:
                    with _alive(name):
                        worker.send((work, *waiting.popleft()))
                    busy.add(worker)
                for worker in busy.intersection(wait(busy)):
                    busy.remove(worker)
                    with _alive(name):
                        number, answers[number], error = worker.recv()
                    if error:
                        raise error
            yield answers.pop(place)

    try:
        for _ in range(cores.allowed()):
            ours, theirs = context.Pipe()
            # A forked process has the shared data and the imports of this one.
            process = context.Process(target=_serve, args=(theirs, shared, os.getpid()))
            process.start()
            workers[ours] = process
            # Nobody else can write to the worker's pipe, so its death ends the pipe even in the middle of an answer.
            theirs.close()
        yield each
    finally:
        for worker, process in workers.items():
            process.kill()
            process.join()
            worker.close()


@contextmanager
def _alive(name: str) -> Iterator[None]:
    """Turns the end of a pipe into the error of a process that was killed."""
    try:
        yield
    except (EOFError, OSError) as error:
        raise ClvError(
            f"a process was killed while {name}, perhaps because memory ran out; free memory, or set "
            "SPARK_MASTER=local[1] to run one process at a time, and try again"
        ) from error


def _serve(connection: Connection, shared: Any, parent: int) -> None:
    _begin(parent)
    while True:
        work, place, item = connection.recv()
        try:
            answer = place, work(shared, item), None
        except Exception as error:
            error.add_note(traceback.format_exc())
            answer = place, None, error
        connection.send(answer)


def _begin(parent: int) -> None:
    die_with_parent()
    if os.getppid() != parent:  # it ended before the line above
        os._exit(1)
    # A signal to the whole group, as of Ctrl-C or of Airflow when it takes a task back, reaches the parent too. If this
    # process ended first, the parent would report a lack of memory. The kernel ends this process after the parent.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    threadpool_limits(limits=1)


def _on_spark(shared: Any) -> Each:
    spark = session.current()
    context = spark.sparkContext
    sent = context.broadcast(shared)

    def alone(work: Callable[[Any, Item], Result], item: Item) -> Result:
        with threadpool_limits(limits=1):
            return work(sent.value, item)

    def each(work: Callable[[Any, Item], Result], items: Sequence[Item]) -> Iterator[Result]:
        return iter(context.parallelize(items, max(1, len(items))).map(lambda item: alone(work, item)).collect())

    return each
