"""Warnings of the gate `staging` about counts."""

from __future__ import annotations

import re
from datetime import date

from clv.quality.rules import Slice
from expectations import staging


def test_a_wrong_sum_is_reported_with_all_its_terms() -> None:
    slice_ = Slice(date(2024, 6, 1), "2024-06-01.1")
    every = [one for suite in staging.suites(slice_) for one in suite.expectations]
    (one,) = [one for one in every if (one.meta or {}).get("name") == "rows_accounted_for"]
    judged = one.unexpected_rows_query.partition("is distinct from")[2]
    summed = re.findall(r"rows_(\w+)", judged)
    assert summed == ["accepted", "rejected", "duplicate", "replaced", "withdrawn", "erased"]
    terms = str(one.description).partition("are not rows ")[2].replace("duplicates", "duplicate")
    assert terms.split(" + ") == summed
