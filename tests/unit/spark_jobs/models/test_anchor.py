from __future__ import annotations

from dataclasses import replace

import numpy as np
from customers import FIT, customers

from spark_jobs.models import anchor

HORIZONS = (90, 1825, 23.5)


def equal(found: dict, expected: dict) -> bool:
    return all(
        np.array_equal(array, getattr(expected[days], name))
        for days, one in found.items()
        for name, array in vars(one).items()
    )


def test_predictions_that_are_looked_up_are_those_that_are_computed() -> None:
    everyone, fit = customers(500), anchor.looking_ahead(FIT, customers(500), HORIZONS)
    assert fit.ahead
    assert len(fit.ahead.pairs) > 500  # now, and at the last order
    assert (fit, fit.as_json()) == (FIT, FIT.as_json())
    some = {name: array[100:] for name, array in everyone.items()}
    for columns in (everyone, some, some | {"t": some["recency"]}):
        assert equal(anchor.over(fit, columns, HORIZONS), anchor.over(FIT, columns, HORIZONS))
    wrong = replace(
        fit, ahead=fit.ahead._replace(by_days={days: 0 * found for days, found in fit.ahead.by_days.items()})
    )
    assert not equal(anchor.over(wrong, some, [90]), anchor.over(FIT, some, [90]))  # so they were looked up


def test_what_was_not_looked_ahead_to_is_computed() -> None:
    fit, others = anchor.looking_ahead(FIT, customers(50), HORIZONS), customers(60, seed=6)
    assert equal(anchor.over(fit, others, HORIZONS), anchor.over(FIT, others, HORIZONS))
    assert equal(anchor.over(fit, customers(50), [91]), anchor.over(FIT, customers(50), [91]))
