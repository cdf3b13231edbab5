"""How long work tells where it is: `with step("the orders are loaded"): …`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

# Entered around each piece of work, with what is then done, e.g. "the database runs".
Step = Callable[[str], AbstractContextManager]
