"""Runs a function for many items at once: in processes of this machine or, if SPARK_MASTER names a cluster, as Spark's
tasks.

Each item is computed on one thread, because threads would add numbers in another order. The results are therefore the
same for any number of processes, and on a cluster.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from typing import Any, Protocol, TypeVar

from threadpoolctl import threadpool_limits

from clv.core.errors import ClvError
from clv.core.processes import die_with_parent
from spark_jobs.io import cores, session

Item = TypeVar("Item")
Result = TypeVar("Result")
_shared: Any = None  # in a process that this module started: what all items share


class Each(Protocol):
    """Runs work(shared, item) for each item. Yields the results in the order of the items, each as soon as it is there.

    work: a function of a module, whose result depends on its arguments alone. Items are begun in the given order, so
    the longest should be first.
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
    elif cores.allowed() == 1:
        with threadpool_limits(limits=1):
            yield lambda work, items: (work(shared, item) for item in items)
    else:
        with _processes(shared, name) as each:
            yield each


@contextmanager
def _processes(shared: Any, name: str) -> Iterator[Each]:
    before = multiprocessing.active_children()
    # A forked process has the shared data and the imports of this one.
    pool = ProcessPoolExecutor(cores.allowed(), multiprocessing.get_context("fork"), _begin, (shared, os.getpid()))

    def each(work: Callable[[Any, Item], Result], items: Sequence[Item]) -> Iterator[Result]:
        return pool.map(partial(_run, work), items)

    try:
        yield each
    except BaseException as error:
        for process in multiprocessing.active_children():
            if process not in before:
                process.kill()
        if isinstance(error, BrokenProcessPool):
            raise ClvError(
                f"a process was killed while {name}, perhaps because memory ran out; free memory, or set "
                "SPARK_MASTER=local[1] to run one process at a time, and try again"
            ) from error
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _begin(shared: Any, parent: int) -> None:
    global _shared  # noqa: PLW0603 - the only way to hand data to a process without a copy
    die_with_parent()
    if os.getppid() != parent:  # it ended before the line above
        os._exit(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent too, which ends this process
    for number in (signal.SIGTERM, signal.SIGHUP):  # the parent's handlers would raise its exit in the parent
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup ignores SIGHUP
            signal.signal(number, signal.SIG_DFL)
    threadpool_limits(limits=1)
    _shared = shared


def _run(work: Callable[[Any, Item], Result], item: Item) -> Result:
    return work(_shared, item)


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
