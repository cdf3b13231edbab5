"""The type of functions that report the progress of long work: `with step("the orders are loaded"): …`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

# Takes a label and returns a context manager for one piece of work. The label says what is true when the work is done,
# e.g. "the database runs".
Step = Callable[[str], AbstractContextManager]
