"""Compares deep models with the anchor and boosted trees on a made shop and on real ones:
python -m benchmarks.deep --data FOLDER [SHOP ...]

Each origin is forecast by forecasters fitted to 2,000 customers of each of the eight origins before it, 30 days apart,
whose window had closed.
Prints a Markdown table: the means over the shop's origins, and the seconds of a fit. FOLDER holds the files of real
shops. `--codes` compares instead the inputs of a linear ZILN model: all features, their principal components, and the
codes of an autoencoder of the same width.
"""

from __future__ import annotations

import argparse
import time
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.deep import codes, columns
from benchmarks.deep.shops import SHOPS, Days
from clv.core.declared import ANCHOR
from spark_jobs.features.columns import Array
from spark_jobs.judging import metrics
from spark_jobs.models import anchor, registry
from spark_jobs.models.deep.networks import fitted
from spark_jobs.models.forecaster import Customers, Past

NETWORKS = {"ziln_mlp": "perceptron", "ziln_cnn": "cnn", "sequence_gru": "gru", "small_transformer": "transformer"}
COMPARED = [ANCHOR, "xgboost_hurdle", *NETWORKS]
ORIGINS, APART = 8, 30
DRAWN = 2000  # customers per origin
MONEY = {"normalised Gini": metrics.normalized_gini, "RMSE": metrics.rmse, "bias": metrics.signed_bias}
CHANCE = {"AUC": metrics.auc, "Brier": metrics.brier}


def past_of(days: Days, by: date, window: int) -> Past:
    """Returns what is known of a shop by a date."""
    end = (by - date(1970, 1, 1)).days
    dates = [end - window - APART * place for place in range(ORIGINS)]
    known, _ = columns.at(days, end)
    parts, keys = [], []
    for origin in [one for one in dates if one > days.day.min() + window]:
        found, customers = columns.at(days, origin)
        drawn = np.random.default_rng(origin).permutation(len(customers))[:DRAWN]
        found = {name: each[drawn] for name, each in found.items()}
        orders, revenue = columns.outcome(days, origin, window, customers[drawn])
        parts.append({**found, f"orders_next_{window}": orders, f"revenue_next_{window}": revenue})
        keys.append((customers[drawn], np.full(len(drawn), origin)))
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    customer, origin = (np.concatenate(each) for each in zip(*keys, strict=True))
    return Past(window, by, joined, customer, origin, known, anchor.fit_origin(known))


def judged(days: Days, window: int, by: date, names: list[str]) -> list[dict[str, float | str]]:
    """Returns the metrics of each forecaster at one origin."""
    past = past_of(days, by, window)
    end = (by - date(1970, 1, 1)).days
    known, customers = columns.at(days, end)
    orders, spent = columns.outcome(days, end, window, customers)
    wanted = Customers(known, window, anchor.probabilistic(past.anchor, known, window))  # type: ignore[arg-type]
    rows = []
    for name in names:
        started = time.perf_counter()
        model = fitted.fit(past, NETWORKS[name], name, name) if name in NETWORKS else registry.named(name).fit(past)
        seconds = time.perf_counter() - started
        found = registry.predict(name, model, wanted)
        rows.append({"forecaster": name, **measured(orders > 0, spent, found.mean, found.chance), "seconds": seconds})
    return rows


def measured(bought: Array, spent: Array, mean: Array, chance: Array | None) -> dict[str, float]:
    """Returns the metrics of one forecast by name."""
    found = {name: metric(spent, mean) for name, metric in MONEY.items()}
    if chance is not None:
        found |= {name: metric(bought * 1.0, chance) for name, metric in CHANCE.items()}
    return found


def table(shop: str, rows: list[dict[str, float | str]]) -> str:
    """Returns the rows of a Markdown table: the means over origins, and the mean of absolute biases."""
    found = pd.DataFrame(rows)
    found["bias"] = found["bias"].abs()
    means = found.groupby("forecaster", sort=False).mean()
    shown = {"normalised Gini": ".4f", "RMSE": ".2f", "bias": ".3f", "AUC": ".4f", "Brier": ".4f", "seconds": ".0f"}

    def cell(value: float, style: str) -> str:
        return "–" if np.isnan(value) else format(value, style)

    return "\n".join(
        f"| {shop} | {name} | {' | '.join(cell(row[column], style) for column, style in shown.items())} |"
        for name, row in means.iterrows()
    )


def main() -> None:
    """Compares on the given shops, by default all, and prints the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.deep", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--codes", action="store_true")
    parser.add_argument("--forecasters", nargs="+", default=COMPARED, metavar="NAME")
    parser.add_argument("shops", nargs="*", metavar="SHOP", help=f"of {', '.join(SHOPS)}")
    arguments = parser.parse_args()
    if unknown := [name for name in arguments.shops if name not in SHOPS]:
        parser.error(f"there is no shop {unknown[0]}; there are {', '.join(SHOPS)}")
    print(
        "| shop | forecaster | normalised Gini | RMSE | \\|bias\\| | AUC | Brier | seconds |",
        "|---" * 8 + "|",
        sep="\n",
    )
    for shop in arguments.shops or SHOPS:
        read, window, origins = SHOPS[shop]
        days, rows = read(arguments.data), []
        for by in map(date.fromisoformat, origins):
            if (by + timedelta(window) - date(1970, 1, 1)).days > days.day.max() + 1:
                parser.error(f"the orders of {shop} end within {window} days from {by}")
            if arguments.codes:
                rows += codes.judged(past_of(days, by, window), *answer(days, by, window), measured)
            else:
                rows += judged(days, window, by, arguments.forecasters)
        print(table(shop, rows), flush=True)


def answer(days: Days, by: date, window: int) -> tuple[Array, Array]:
    """Returns the purchase days and the money of the customers of a date in the window that follows."""
    end = (by - date(1970, 1, 1)).days
    return columns.outcome(days, end, window, columns.at(days, end)[1])


if __name__ == "__main__":
    main()
