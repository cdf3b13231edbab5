"""What the entry points share: log lines on stderr, one line of JSON at the end of stdout, errors in one line."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable
from typing import Any

from clv.core.errors import ClvError


def main(job: Callable[[], dict[str, Any]]) -> int:
    """Runs a job and prints its facts; returns 0, or 1 with one line if a ClvError stopped it."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s", stream=sys.stderr)
    logging.getLogger("clv").setLevel(logging.INFO)
    try:
        facts = job()
    except ClvError as error:
        print(f"error: {error}", file=sys.stderr, flush=True)
        return 1
    print(json.dumps(facts, sort_keys=True), flush=True)
    return 0
