"""A Spark standalone cluster as processes of this machine: a master and workers, on loopback."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pyspark

from clv.core.settings import PROJECT
from clv.platform.runtime import postgres

SPARK = Path(pyspark.__file__).parent
ENVIRONMENT = {
    "SPARK_HOME": str(SPARK), "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_DAEMON_MEMORY": "256m",
    # A JVM that lives for a test compiles quickly, without optimisation.
    "JDK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
}  # fmt: skip


@dataclass
class Cluster:
    """A running cluster. master: its address, for SPARK_MASTER."""

    folder: Path
    master: str
    page: str
    processes: list[subprocess.Popen] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def state(self) -> dict:
        with urllib.request.urlopen(f"{self.page}/json/", timeout=5) as answer:  # noqa: S310 - an address of our own
            return json.load(answer)

    def start(self, name: str, *words: str) -> subprocess.Popen:
        """Starts a process as in a container of its own: it knows no warehouse, and its home has no secrets."""
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("CLV_")}
        with (self.folder / f"{name}.log").open("w") as log:
            process = subprocess.Popen(
                [str(SPARK / "bin" / "spark-class"), *words],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, cwd=PROJECT,
                env={**inherited, **ENVIRONMENT, "CLV_HOME": str(self.folder / "home")},
                start_new_session=True,
            )  # fmt: skip
        self.processes.append(process)
        return process

    def add_worker(self, cores: int = 1, memory: str = "1g") -> subprocess.Popen:
        """Starts a worker, and waits until the master knows it."""
        known = self.state()["aliveworkers"]
        number = next(self.numbers)
        worker = self.start(
            f"worker{number}", "org.apache.spark.deploy.worker.Worker", "--cores", str(cores), "--memory", memory,
            "--host", "127.0.0.1", "--webui-port", "0", "--work-dir", str(self.folder / f"work{number}"), self.master,
        )  # fmt: skip
        self.wait(lambda: self.state()["aliveworkers"] > known)
        return worker

    def kill_worker(self) -> None:
        """Kills the newest worker, with its executors and their Python workers."""
        for process in _tree(self.processes[-1].pid):
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.processes.pop().wait()

    def executors(self) -> list[psutil.Process]:
        """The executors that run now, each a JVM that a worker started."""
        children = [child for process in self.processes[1:] for child in _tree(process.pid)]
        return [child for child in children if "CoarseGrainedExecutorBackend" in " ".join(_command(child))]

    def newest_computes(self) -> bool:
        """Whether the newest worker has begun a task: Spark's Python daemon has forked a process for it."""
        commands = [" ".join(_command(process)) for process in _tree(self.processes[-1].pid)]
        return sum("spark_jobs.daemon" in command for command in commands) > 1

    def wait(self, holds, seconds: int = 60) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with suppress(OSError):
                if holds():
                    return
            time.sleep(0.3)
        logs = "\n".join(path.read_text()[-1500:] for path in self.folder.glob("*.log"))
        raise AssertionError(f"the cluster did not come up\n{logs}")

    def stop(self) -> None:
        """Ends every process of the cluster, executors and their Python workers too."""
        started = [process for one in self.processes for process in _tree(one.pid)]
        for process in reversed(self.processes):
            process.terminate()
        psutil.wait_procs(started, timeout=10)
        for process in started:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        for process in self.processes:
            process.wait()


@contextmanager
def running(folder: Path, workers: int = 2) -> Iterator[Cluster]:
    """A cluster of a master and workers with one core each. Everything ends with the block."""
    port, page = postgres.free_port(), postgres.free_port()
    cluster = Cluster(folder, f"spark://127.0.0.1:{port}", f"http://127.0.0.1:{page}")
    try:
        cluster.start(
            "master", "org.apache.spark.deploy.master.Master",
            "--host", "127.0.0.1", "--port", str(port), "--webui-port", str(page),
        )  # fmt: skip
        cluster.wait(lambda: cluster.state()["status"] == "ALIVE")
        for _ in range(workers):
            cluster.add_worker()
        yield cluster
    finally:
        cluster.stop()


def _tree(pid: int) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    return []


def _command(process: psutil.Process) -> list[str]:
    with suppress(psutil.Error):
        return process.cmdline()
    return []
