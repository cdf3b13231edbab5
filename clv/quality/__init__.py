"""Shared by the gates: the rules that suites consist of, the runner, and its results."""

import logging
import os

from clv.core import settings

# Set before any module imports Great Expectations, which reads both settings at import: it must not report to its
# makers, and hundreds of lines about its own registry would hide in a task's log which expectation failed.
os.environ.update(settings.QUIET)
logging.getLogger("great_expectations").setLevel(logging.WARNING)
