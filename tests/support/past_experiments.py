"""Makes past experiments of which the truth is known."""

from __future__ import annotations

import numpy as np

from clv.decisions.uplift.experiment_file import Past


def made(seed: int, customers: int = 1000, effect: float = 0.0, arms: tuple[str, ...] = ("control", "mail")) -> Past:
    """An experiment whose last arm adds `effect` to the outcome of half of the customers, those whose first input is
    above 0, and takes as much from the others; further arms do nothing. Outcomes have a standard deviation of about 1.4
    without it."""
    random = np.random.default_rng(seed)
    inputs, arm = random.normal(size=(customers, 3)).astype("f4"), random.integers(0, len(arms), customers)
    outcome = inputs[:, 1] + random.normal(size=customers) + effect * np.sign(inputs[:, 0]) * (arm == len(arms) - 1)
    return Past(
        [f"c{row}" for row in range(customers)], arms, arm, outcome, inputs, covariate=inputs[:, 1].astype(float)
    )
