"""The gates by name, each with its suites. `judge` judges one of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

from clv.core.errors import ClvError
from clv.quality import runner
from expectations import analytics, features, predictions, raw, staging

SUITES = {
    "raw": raw.suites,
    "staging": staging.suites,
    "features": features.suites,
    "predictions": predictions.suites,
    "analytics": analytics.suites,
}


def judge(gate: str, as_of_date: date, run_id: str, write_page: Callable[[str], Path]) -> dict:
    """Judges a gate by name; see `clv.quality.runner.judge`. Raises ClvError if there is no gate of this name."""
    if gate not in SUITES:
        raise ClvError(f"there is no gate '{gate}'; the gates are {', '.join(SUITES)}")
    return runner.judge(gate, SUITES[gate], as_of_date, run_id, write_page)
