"""Starts the Spark session. The master, memory, the workers' Python and other settings of Spark are set in this module
only."""

from __future__ import annotations

import logging
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from pyspark.errors import PythonException
from pyspark.sql import SparkSession

from clv.core import options
from clv.core.errors import ClvError, NotFoundError, Unavailable
from clv.core.places import CODE
from clv.core.settings import QUIET, Settings

log = logging.getLogger("clv.spark")

# Flags of a local JVM that lives about half a minute. Python and XGBoost do the arithmetic, so the JVM compiles each
# method quickly and without optimisation.
SHORT_LIVED = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
LOGGING = f"-Dlog4j2.configurationFile=file:{CODE / 'spark_jobs' / 'log4j2.properties'}"
# Flags for jobs in which Spark's own learners compute inside the JVM, which therefore needs optimised compilation.
LEARNING = "-XX:+UseSerialGC"
EXECUTOR_WAIT = 30.0  # seconds until a job gives up on a cluster without a free worker
KINDS = {kind.__name__: kind for kind in (ClvError, NotFoundError, Unavailable)}
ON_WORKER = re.compile(rf"\b({'|'.join(KINDS)}): (.+)")  # in the text of a traceback
_starting: Callable[[], SparkSession] | None = None  # starts the session of the open block of `on_demand`


@contextmanager
def running(name: str, settings: Settings, jvm: str = SHORT_LIVED) -> Iterator[SparkSession]:
    """Yields the active session if the caller has one. Otherwise starts a session and stops it at the end of the
    block. An error of clv.core.errors on a worker, which Spark reports as the text of a traceback, is raised again as
    what it was."""
    outer = SparkSession.getActiveSession()
    session = outer or start(name, settings, jvm)
    try:
        yield session
    except Exception as error:
        if outer is None:
            log.warning("see Spark's output in %s", log_file(settings))
        if found := isinstance(error, PythonException) and ON_WORKER.search(str(error)):
            raise KINDS[found[1]](found[2]) from error
        raise
    finally:
        if outer is None:
            session.stop()


@contextmanager
def on_demand(name: str, settings: Settings, jvm: str = SHORT_LIVED) -> Iterator[None]:
    """Lets `current` start a session, when one is first needed in the block; it is stopped at the end of the block."""
    global _starting  # noqa: PLW0603 - a process has one session
    with ExitStack() as block:
        _starting = lambda: block.enter_context(running(name, settings, jvm))  # noqa: E731
        try:
            yield
        finally:
            _starting = None


def current() -> SparkSession:
    """Returns the active session, or starts that of the block of `on_demand`."""
    return SparkSession.getActiveSession() or (_starting or SparkSession.builder.getOrCreate)()


def on_cluster() -> bool:
    """Whether SPARK_MASTER names a cluster."""
    return not options.from_environment(options.Spark).master.startswith("local")


def start(name: str, settings: Settings, jvm: str = SHORT_LIVED) -> SparkSession:
    """Starts a session on SPARK_MASTER. A local Spark listens on loopback only and has no UI.

    jvm: flags of a local JVM. They apply from the first session of the process on, because later sessions share its
    JVM.

    The session downloads nothing: the Python workers connect to the warehouse themselves, so no JDBC JAR is needed. No
    secret is put into Spark's configuration, because Spark writes the configuration into logs and shows it in its UI.
    """
    spark = options.from_environment(options.Spark)
    master = spark.master
    os.environ.update(QUIET)
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    os.environ["PYTHONPATH"] = os.pathsep.join(
        dict.fromkeys([str(CODE), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))])
    )
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # one core per task, which is how Spark counts cores
    builder = _builder(name, settings, spark, jvm)
    logging.getLogger("py4j").setLevel(logging.ERROR)
    logging.getLogger("XGBoost-PySpark").setLevel(logging.WARNING)
    printed = log_file(settings)
    try:
        with _errors_into(printed):  # the JVM inherits this stderr, and so do the worker processes
            session = builder.getOrCreate()
    except Exception as error:  # py4j reports failures of the JVM as many exception types
        reason = str(error).strip().splitlines()[0]
        raise Unavailable(
            f"Spark did not start on {master} ({reason}); check Java 17+ and SPARK_MASTER, and read {printed}"
        ) from error
    session.sparkContext.setLogLevel("ERROR")
    if not master.startswith("local"):
        _wait_for_executor(session, EXECUTOR_WAIT)
    return session


def _builder(name: str, settings: Settings, spark: options.Spark, jvm: str) -> SparkSession.Builder:
    """Returns the builder of a session with all settings of Spark."""
    builder = (
        SparkSession.builder.master(spark.master)
        .appName(f"perennial {name}")
        .config("spark.driver.memory", spark.driver_memory)
        .config("spark.sql.shuffle.partitions", "4")
        # Adaptive execution would merge partitions and so change the order of rows.
        .config("spark.sql.adaptive.enabled", "false")
        .config("spark.python.daemon.module", "spark_jobs.daemon")
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", "20000")
        .config("spark.dynamicAllocation.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.sql.session.timeZone", "UTC")
        # Workers load the shop's own forecasters too. The folders are set even if there are none, because a JVM that
        # outlives a session would pass on the folders of that session.
        .config("spark.executorEnv.CLV_FORECASTERS", spark.forecasters or "")
    )
    if spark.master.startswith("local"):
        os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
        builder = (
            builder.config("spark.driver.extraJavaOptions", f"{jvm} {LOGGING}")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.ui.enabled", "false")
            .config("spark.local.dir", str(_folder(settings)))
            .config("spark.sql.warehouse.dir", str(_folder(settings)))
        )
    else:
        builder = builder.config("spark.driver.extraJavaOptions", LOGGING)
        builder = builder.config("spark.executorEnv.PYTHONPATH", str(CODE))
        builder = builder.config("spark.executorEnv.OMP_NUM_THREADS", "1")
    return builder


def slots(session: SparkSession) -> int:
    """Returns the number of tasks that can run at once."""
    context = session.sparkContext
    if str(context.master).startswith("local"):
        return context.defaultParallelism
    cores = int(context.getConf().get("spark.executor.cores", "0") or 0)
    return _executors(session) * cores if cores else context.defaultParallelism


def _wait_for_executor(session: SparkSession, seconds: float) -> None:
    """Waits until the cluster has given this job an executor. Otherwise stops the session and raises Unavailable:
    Spark itself would wait without end."""
    master = session.sparkContext.master
    deadline = time.monotonic() + seconds
    while not _executors(session):
        if time.monotonic() > deadline:
            session.stop()
            raise Unavailable(
                f"{master} gave this job no executor within {seconds:.0f} s; start or free a worker with "
                "SPARK_EXECUTOR_MEMORY of memory (1g if it is not set), or set SPARK_MASTER=local[*]"
            )
        time.sleep(0.2)


def _executors(session: SparkSession) -> int:
    """Returns the number of executors. Spark's list has the driver too."""
    return len(session.sparkContext._jsc.sc().statusTracker().getExecutorInfos()) - 1  # type: ignore[union-attr]


def log_file(settings: Settings) -> Path:
    """Returns the file that receives the output of the JVM and of the workers. The output helps only when something
    fails. Each process that starts Spark overwrites the file."""
    return _folder(settings) / "spark.log"


@contextmanager
def _errors_into(path: Path) -> Iterator[None]:
    """Redirects stderr to a file, also for processes that the block starts."""
    sys.stderr.flush()
    kept = os.dup(2)
    with path.open("wb") as file:
        os.dup2(file.fileno(), 2)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(kept, 2)
        os.close(kept)


def _folder(settings: Settings) -> Path:
    folder = settings.home / "spark"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
