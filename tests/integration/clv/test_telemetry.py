"""No tool reports home. Each that can is asked, and what Python looks up or connects to outside of this machine, while
the tools work, is noted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from clv.core import settings
from clv.platform.runtime import databases

# A process of its own, as a task is, without what would quieten the tools anyway: the tests' variables, or CI's.
SCRIPT = """
import json, os, socket, sys

outside = []

def note(event, args):
    if event in ("socket.getaddrinfo", "socket.gethostbyname"):
        place = args[0]
    elif event == "socket.connect" and isinstance(args[1], tuple):
        place = args[1][0]
    else:
        return
    name = place.decode() if isinstance(place, bytes) else str(place)
    if name not in ("localhost", "None", "::1", socket.gethostname()) and not name.startswith("127."):
        outside.append(name)

sys.addaudithook(note)
answers = {}
if "control" in sys.argv:
    from urllib.request import urlopen
    try:
        urlopen("http://telemetry.invalid")
    except OSError:
        pass
else:
    from clv.core import settings
    from clv.quality import runner
    from clv.transform import dbt
    from clv.warehouse import registry
    from spark_jobs.io import session

    home = settings.load()
    dbt.build("setup", {}, home)
    import dbt.tracking
    answers["dbt"] = dbt.tracking.active_user.do_not_track

    registry.setup(home)
    from mlflow.telemetry.utils import is_telemetry_disabled
    answers["mlflow"] = is_telemetry_disabled()

    answers["gx"] = not runner.context().config.analytics_enabled

    with session.running("telemetry", home) as spark:
        context = spark.sparkContext
        names = list(settings.QUIET)
        worker = context.parallelize([0], 1).map(lambda _: {name: os.environ.get(name) for name in names}).first()
        driver = {name: context._jvm.System.getenv(name) for name in names}
    answers["spark"] = worker == driver == settings.QUIET
with open(sys.argv[1], "w") as file:
    json.dump({"outside": outside, "answers": answers}, file)
"""


def observed(out: Path, *arguments: str) -> dict:
    silent = {*settings.QUIET, "CI", "PYTEST_CURRENT_TEST", "GITHUB_ACTIONS", "PYTEST_VERSION"}
    environment = {name: value for name, value in os.environ.items() if name not in silent}
    environment["PYTHONPATH"] = str(settings.PROJECT)
    script = out.with_suffix(".py")
    script.write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, script, out, *arguments], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(out.read_text())


def test_what_goes_outside_is_seen(tmp_path):
    assert "telemetry.invalid" in observed(tmp_path / "seen.json", "control")["outside"]


def test_the_tools_report_to_nobody(home, tmp_path):
    databases.prepare(home)
    found = observed(tmp_path / "seen.json")
    assert found["answers"] == {"dbt": True, "mlflow": True, "gx": True, "spark": True}
    assert found["outside"] == []
