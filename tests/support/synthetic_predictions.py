"""Predictions of a shop whose customers' true rates are known, as the backtest writes them."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

ORIGINS = ("2011-03-10", "2011-06-10", "2011-09-10")


def predictions(
    customers: int = 400,
    origins: tuple[str, ...] = ORIGINS,
    *,
    baselines: tuple[str, ...] = ("trailing", "bgnbd_gg", "linear"),
    noise: float = 0.3,
    baseline_noise: float = 0.8,
    too_little_data: int = 0,
    seed: int = 7,
) -> pd.DataFrame:
    """One row per customer and origin. Our predictions differ from the truth by `noise`, the baselines' by
    `baseline_noise` (standard deviations of the logarithm). The first baseline predicts no probability, and only the
    last one a median. The first `too_little_data` customers of an origin have no forecast."""
    random = np.random.default_rng(seed)
    rate, spend = random.gamma(0.5, 1.6, customers), random.lognormal(4, 0.8, customers)
    frames = []
    for number, origin in enumerate(origins):
        orders = random.poisson(rate)
        expected = rate * np.exp(random.normal(0.05 * number, noise, customers))
        p = 1 - np.exp(-expected)
        columns = {
            "customer_id": [f"c{customer}" for customer in range(customers)],
            "origin": date.fromisoformat(origin),
            "horizon_days": 90,
            "status": "scored",
            "p_purchase": p,
            "expected_orders": expected,
            "predicted_mean": expected * spend,
            "predicted_p10": np.where(p < 0.9, 0, 0.3 * expected * spend),
            "predicted_p50": np.where(p < 0.5, 0, 0.8 * expected * spend),
            "predicted_p90": (expected + 1.3 * np.sqrt(expected) + 0.3) * spend * 1.1,
            "actual_orders": orders,
            "actual_amount": orders * spend * random.lognormal(-0.02, 0.2, customers),
        }
        for place, name in enumerate(baselines):
            theirs = rate * np.exp(random.normal(0.2, baseline_noise, customers))
            columns[f"{name}.p_purchase"] = 1 - np.exp(-theirs) if place else np.nan
            columns[f"{name}.predicted_mean"] = theirs * spend
            columns[f"{name}.predicted_p50"] = theirs * spend * 0.7 if place == len(baselines) - 1 else np.nan
        frame = pd.DataFrame(columns)
        unscored = frame.columns.str.contains("predicted_|p_purchase|expected_")
        frame.loc[: too_little_data - 1, "status"] = "too_little_data" if too_little_data else "scored"
        if too_little_data:
            frame.loc[: too_little_data - 1, unscored] = np.nan
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)
