"""One stage of a home in a process of its own: python -m benchmarks.large.stage STAGE OUT ARGUMENTS

Writes {"seconds": …, "facts": {…}} to OUT. Stages are those of SETTING_UP, `open_run`, `load` (of files, without a run)
and the steps of a daily run.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import date
from pathlib import Path

from clv import sources
from clv.core import settings
from clv.pipeline import daily
from clv.platform.runtime import set_up_warehouse
from clv.warehouse import registry

SOURCE = "sample_shop"
SET_UP = {"set up the warehouse": set_up_warehouse.run, "set up the registry": registry.setup}
TO_LOAD = "set up what loading needs"
SETTING_UP = {**SET_UP, TO_LOAD: set_up_warehouse.make_own}


def take(stage: str, given: dict) -> dict:
    """Runs a stage and returns its facts."""
    home = settings.load()
    if stage in SETTING_UP:
        SETTING_UP[stage](home)
        return {}
    if stage == "load":
        results = sources.load(SOURCE, Path(given["path"]), home)
        return {"rows loaded": sum(result.loaded for result in results), "files": len(results)}
    as_of = date.fromisoformat(given["as_of"])
    if stage == "open_run":
        return {"run_id": daily.open_run(as_of, "benchmark")}
    return daily.take(stage, as_of, given["run_id"], **given["options"])


def main() -> None:
    """Runs the stage of the command line."""
    stage, out, given = sys.argv[1:4]
    started = time.perf_counter()
    facts = take(stage, json.loads(given))
    seconds = time.perf_counter() - started
    Path(out).write_text(json.dumps({"seconds": seconds, "facts": facts}, default=str))


if __name__ == "__main__":
    main()
