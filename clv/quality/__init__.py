"""Shared by the gates: the rules that suites consist of, the runner, and its results."""

import importlib.util
import logging
import os
import sys

from clv.core import settings

# Set before any module imports Great Expectations, which reads both settings at import: it must not report to its
# makers, and hundreds of lines about its own registry would hide in a task's log which expectation failed.
os.environ.update(settings.QUIET)
logging.getLogger("great_expectations").setLevel(logging.WARNING)


def _import_great_expectations() -> None:
    """Imports it without two libraries that only expectations need that we do not have: a third of all modules, at the
    start of each gate. Spark is hidden from it, and scipy.stats is loaded when something uses it."""
    if "scipy.stats" not in sys.modules and (spec := importlib.util.find_spec("scipy.stats")) and spec.loader:
        spec.loader = importlib.util.LazyLoader(spec.loader)
        module = sys.modules["scipy.stats"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        sys.modules["scipy"].stats = module  # type: ignore[attr-defined] - `from scipy import stats` would load it
    hidden = "pyspark" not in sys.modules
    if hidden:
        sys.modules["pyspark"] = None  # type: ignore[assignment] - so that an import of it fails
    try:
        importlib.import_module("great_expectations")
    finally:
        if hidden:
            del sys.modules["pyspark"]


_import_great_expectations()
