"""How many of this machine's cores the jobs use. Apart from Spark's session, because what needs no Spark asks too."""

from __future__ import annotations

import os
import re

from clv.core import options


def allowed() -> int:
    """Returns the number of this machine's cores that SPARK_MASTER allows: all of them for local[*] and for a cluster,
    one for local."""
    master = options.from_environment(options.Spark).master
    number = re.fullmatch(r"local\[(\d+)\b.*", master)
    return max(1, int(number[1])) if number else 1 if master == "local" else len(os.sched_getaffinity(0))
