"""Charts of a backtest. Each function takes metrics.json (`comparison.compare`) and returns a Chart, or None when there
is nothing to draw."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullFormatter, PercentFormatter

from clv.core.declared import OURS
from clv.evaluation.backtest import curves, reading
from clv.reporting.drawing import BAND, BAR, BASELINE, INK, LINE, SOFT, Chart, chart, magnitude

BASELINE_STYLE: dict[str, Any] = {"color": BASELINE, "linestyle": (0, (4, 2)), "marker": "s", "markersize": 5}
DECILES = np.arange(1, 11)


def gains(result: dict[str, Any]) -> Chart | None:
    """Cumulative gains: the share of all value that the customers ranked first brought."""
    lift = result["lift"]
    if lift["perfect"] is None:
        return None
    shares = lift["shares"]
    baseline = _baseline(lift["models"])

    def draw(axes: Axes) -> None:
        axes.plot(shares, shares, color=LINE, linewidth=1.5, label="at random")
        axes.plot(shares, lift["perfect"], color=SOFT, linewidth=1.5, linestyle=":", label="perfect ranking")
        if baseline:
            axes.plot(
                shares, lift["models"][baseline], **{**BASELINE_STYLE, "marker": ""}, label=reading.name(baseline)
            )
        axes.plot(shares, lift["models"][OURS], color=BAR, label=reading.name(OURS))
        axes.set(xlabel="customers, best ranked first", ylabel="share of all value", xlim=(0, 1), ylim=(0, 1.02))
        axes.xaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
        axes.yaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
        axes.legend(loc="lower right")

    at = shares.index(0.2)
    words = f"The first fifth of customers brought {reading.percent(lift['models'][OURS][at])} of all value"
    if baseline:
        words += f"; ranked by {reading.name(baseline)}, {reading.percent(lift['models'][baseline][at])}"
    return chart("Value brought by the customers ranked first", words, draw)


def deciles(result: dict[str, Any]) -> Chart | None:
    """Decile calibration: mean prediction and mean actual in each decile of customers, on a logarithmic scale."""
    rows = result["deciles"].get(OURS)
    if not rows or not any(row["actual_mean"] > 0 and row["predicted_mean"] > 0 for row in rows):
        return None
    actual, predicted = (np.array([row[part] for row in rows]) for part in ("actual_mean", "predicted_mean"))
    floor = max(actual.max(), predicted.max()) / 1e4

    def draw(axes: Axes) -> None:
        low, high = np.maximum(np.minimum(actual, predicted), floor), np.maximum(np.maximum(actual, predicted), floor)
        axes.vlines(DECILES, low, high, color=BAND, linewidth=4)
        axes.plot(DECILES, np.maximum(predicted, floor), "o", color=BAR, markersize=7, label="forecast")
        axes.plot(DECILES, np.maximum(actual, floor), "D", color=INK, markersize=5, label="actual")
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(FuncFormatter(magnitude))
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.set(xlabel="decile of customers by forecast, 1 the highest", ylabel="mean value per customer")
        axes.set_xticks(DECILES)
        axes.legend(loc="upper right")

    top = rows[0]
    words = f"The forecast of the highest decile was {magnitude(top['predicted_mean'])} per customer, the actual "
    words += f"{magnitude(top['actual_mean'])}; where the two marks touch, the mean forecast was right"
    return chart("Forecast and actual by decile of customers", words, draw)


def totals(result: dict[str, Any]) -> Chart | None:
    """The shop's total at each origin: the actual, our prediction, and that of the baseline with the least bias."""
    rows = result["level"]
    if not rows:
        return None
    days, place = list(rows), np.arange(len(rows))
    baseline = result["best_baseline"]["bias"]
    ours = [row["predicted"].get(OURS) for row in rows.values()]

    def draw(axes: Axes) -> None:
        axes.bar(place, [row["actual"] for row in rows.values()], width=0.6, color=BAND, label="actual")
        if baseline:
            theirs = [row["predicted"].get(baseline) for row in rows.values()]
            axes.plot(place + 0.12, theirs, **{**BASELINE_STYLE, "linestyle": ""}, label=reading.name(baseline))
        axes.plot(place - 0.12, ours, "o", color=BAR, markersize=8, label=reading.name(OURS))
        axes.set_xticks(place, days, rotation=30 if len(days) > 4 else 0, ha="right" if len(days) > 4 else "center")
        axes.set(ylabel=f"value in {result['horizon_days']} days", xlim=(-0.6, len(days) - 0.4))
        axes.margins(y=0.3)
        axes.set_ylim(bottom=0)
        axes.yaxis.set_major_formatter(FuncFormatter(magnitude))
        axes.grid(visible=False, axis="x")
        axes.legend(loc="upper left", ncols=3, columnspacing=1, handletextpad=0.4)

    biases = [row["signed_bias"].get(OURS) for row in rows.values()]
    errors = [
        f"{reading.error_text(bias)} at {day}" for day, bias in zip(days, biases, strict=True) if bias is not None
    ]
    words = f"The forecast total was {_listed(errors)}" if errors else "Nothing was bought within the horizon"
    return chart("The shop's total by origin", words, draw)


def coverage(result: dict[str, Any]) -> Chart | None:
    """Coverage of the 80 % intervals by decile of the prediction, and the coverage that the probabilities imply."""
    rows = result["coverage"]["by_decile"]
    if not rows:
        return None
    covered, expected = ([row[name] for row in rows] for name in ("coverage", "expected"))
    low, high = ([one + end - curves.NOMINAL for one in expected] for end in reading.CALIBRATED_DECILE)

    def draw(axes: Axes) -> None:
        axes.fill_between(DECILES, low, high, color=BAND, alpha=0.5, linewidth=0)
        axes.plot(DECILES, expected, color=SOFT, linewidth=1.2, linestyle=":")
        axes.plot(DECILES, covered, "o", color=BAR, markersize=8)
        axes.set(xlabel="decile of customers by forecast, 1 the highest", ylabel="within the interval")
        axes.set_ylim(min(0.5, min(covered) - 0.03), 1.03)
        axes.yaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
        axes.set_xticks(DECILES)

    inside = sum(least <= share <= most for least, share, most in zip(low, covered, high, strict=True))
    words = f"{inside} of 10 deciles lie in the shaded band around what the probabilities imply"
    return chart("Coverage of the 80 % intervals", words, draw)


def reliability(result: dict[str, Any]) -> Chart | None:
    """Reliability: predicted probability against the share that bought, by decile of the probability."""
    rows = result["reliability"].get(OURS)
    if not rows:
        return None
    baseline = _baseline(result["reliability"])

    def points(model: str) -> tuple[list[float], list[float]]:
        found = result["reliability"][model]
        return [row["said"] for row in found], [row["happened"] for row in found]

    def draw(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], color=LINE, linewidth=1.5, label="exactly right")
        if baseline:
            axes.plot(*points(baseline), **BASELINE_STYLE, label=reading.name(baseline))
        axes.plot(*points(OURS), color=BAR, marker="o", markersize=6, label=reading.name(OURS))
        axes.set(xlabel="predicted probability of a purchase", ylabel="share that bought", xlim=(0, 1), ylim=(0, 1))
        axes.xaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
        axes.yaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
        axes.legend(loc="upper left")

    top = rows[0]
    predicted, happened = (reading.percent(top[part]) for part in ("said", "happened"))
    words = f"In the highest decile the mean probability was {predicted}, and {happened} of customers bought"
    return chart("Predicted and actual purchases", words, draw)


def roc(result: dict[str, Any]) -> Chart | None:
    """ROC curves: the share of the buyers ranked before each share of the customers who bought nothing."""
    shares, models = result["roc"]["shares"], result["roc"]["models"]
    if OURS not in models:
        return None
    baseline = _baseline(models)

    def draw(axes: Axes) -> None:
        axes.plot(shares, shares, color=LINE, linewidth=1.5, label="at random")
        if baseline:
            axes.plot(shares, models[baseline], **{**BASELINE_STYLE, "marker": ""}, label=reading.name(baseline))
        axes.plot(shares, models[OURS], color=BAR, label=reading.name(OURS))
        axes.set(xlabel="share of those who bought nothing", ylabel="share of buyers", xlim=(0, 1), ylim=(0, 1.02))
        axes.xaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
        axes.yaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
        axes.legend(loc="lower right")

    at = shares.index(0.2)
    words = (
        f"Ranked by probability, {reading.percent(models[OURS][at])} of buyers come before the first fifth of those "
    )
    words += "who bought nothing"
    if baseline:
        words += f"; ranked by {reading.name(baseline)}, {reading.percent(models[baseline][at])}"
    return chart("Buyers and others, ranked by probability (ROC)", words, draw)


def _baseline(models: dict[str, Any]) -> str | None:
    return next((model for model in models if model != OURS), None)


def _listed(parts: list[str]) -> str:
    return ", ".join(parts[:-1]) + (" and " if len(parts) > 1 else "") + "".join(parts[-1:])


ALL = (gains, deciles, totals, coverage, reliability, roc)  # in the order of the page
