"""What the gates share: the rules that suites are made of, the runner, and what it found."""

import logging
import os

from clv.core import settings

# Before any module here imports Great Expectations: it reads at once whether it may report to its makers, and hundreds
# of lines about its own registry would hide, in a task's log, which expectation failed.
os.environ.update(settings.QUIET)
logging.getLogger("great_expectations").setLevel(logging.WARNING)
