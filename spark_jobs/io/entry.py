"""What the entry points of all jobs share: they log to stderr, print one line of JSON at the end of stdout, and report
errors in one line."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable
from typing import Any

from clv.core.errors import ClvError


def main(job: Callable[[], dict[str, Any]]) -> int:
    """Runs a job and prints the facts that it returns, as JSON. Returns 0, or 1 after printing one line if a ClvError
    stopped the job."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s", stream=sys.stderr)
    logging.getLogger("clv").setLevel(logging.INFO)
    try:
        facts = job()
    except ClvError as error:
        print(f"error: {error}", file=sys.stderr, flush=True)
        return 1
    print(json.dumps(facts, sort_keys=True), flush=True)
    return 0
