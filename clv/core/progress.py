"""Progress of long work: `with step("the orders are loaded"): …`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

# A context manager around a piece of work, given a label of what is then done, e.g. "the database runs".
Step = Callable[[str], AbstractContextManager]
