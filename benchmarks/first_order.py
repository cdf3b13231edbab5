"""Measures what a first order tells beyond its day, value and variety: python -m benchmarks.first_order --data FOLDER

Learns from past origins which customers with one purchase day order again, on Online Retail II, whose lines name the
product, and prints the table of docs/forecast.md: the AUC by inputs, for two horizons and the origins of the backtest.
Each prediction is the mean of the log-odds of boosted trees and of a logistic regression. FOLDER holds
online_retail_ii.parquet.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
import xgboost
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

ORIGINS = pd.to_datetime(["2010-12-10", "2011-03-10", "2011-06-10", "2011-09-10"])
FIRST_ORIGIN = pd.Timestamp("2010-02-01")  # two months after the first order
LATEST = 8  # so many past origins, 30 days apart
KNOWN = ["silence", "value", "products"]
BASKET = ["units", "unit_value", "median_price", "largest_line"]
TIME = ["month", "weekday", "hour"]
INPUTS = {
    "day, value and variety": KNOWN,
    "and basket": [*KNOWN, *BASKET],
    "and time": [*KNOWN, *TIME],
    "and country": [*KNOWN, "at_home"],
    "and products": [*KNOWN, "product_rate"],
    "all": [*KNOWN, *BASKET, *TIME, "at_home", "product_rate"],
}
SHRINKAGE = 30  # customers with the mean rate that each product is given
TREES = {"objective": "binary:logistic", "max_depth": 3, "learning_rate": 0.06, "min_child_weight": 20, "nthread": 1}
ROUNDS = 80


def sales(data: Path) -> pd.DataFrame:
    """Reads the lines that were sold to a known customer, each sheet's overlap once."""
    lines = pd.read_parquet(data / "online_retail_ii.parquet").dropna(subset=["Customer ID"])
    later = lines["source_sheet"] == lines["source_sheet"].max()
    lines = lines[later | (lines["InvoiceDate"] < "2010-12-01")]
    sold = lines[(lines["Quantity"] > 0) & (lines["Price"] > 0)]
    return sold.assign(
        customer=sold["Customer ID"].astype(int),
        day=sold["InvoiceDate"].dt.normalize(),
        hour=sold["InvoiceDate"].dt.hour,
        value=sold["Quantity"] * sold["Price"],
    )


def purchase_days(lines: pd.DataFrame) -> pd.DataFrame:
    """Sums the lines of each customer's day."""
    return lines.groupby(["customer", "day"], as_index=False).agg(
        value=("value", "sum"),
        products=("StockCode", "nunique"),
        units=("Quantity", "sum"),
        median_price=("Price", "median"),
        largest_line=("Quantity", "max"),
        hour=("hour", "min"),
        country=("Country", "first"),
    )


def ordered_once(days: pd.DataFrame, origin: pd.Timestamp, horizon: int) -> pd.DataFrame:
    """Returns the customers with one purchase day before the origin, with inputs and whether they ordered again."""
    before = days[days["day"] < origin]
    once = before[~before["customer"].duplicated(keep=False)]
    within = days["day"].between(origin, origin + pd.Timedelta(days=horizon), inclusive="left")
    logs = {name: np.log1p(once[name]) for name in ("value", "products", "units", "median_price", "largest_line")}
    return once.assign(
        **logs,
        origin=origin,
        silence=np.log1p((origin - once["day"]).dt.days),
        unit_value=np.log(once["value"] / once["units"]),
        month=once["day"].dt.month,
        weekday=once["day"].dt.dayofweek,
        at_home=(once["country"] == "United Kingdom").astype(float),
        again=once["customer"].isin(days.loc[within, "customer"]).astype(float),
    )


def product_rate(customers: pd.DataFrame, learned: pd.DataFrame, products: pd.DataFrame) -> np.ndarray:
    """Returns the mean over a first order's products of the share of their other buyers who ordered again.

    learned: customers whose outcome is known; a customer's own outcomes are left out. products: those of each customer
    and day.
    """
    share = learned["again"].mean()
    seen = learned.merge(products, on=["customer", "day"])
    sums = seen.groupby("StockCode")["again"].agg(["sum", "count"])
    own = seen.groupby(["StockCode", "customer"])["again"].agg(own="sum", times="count")
    rows = customers.reset_index(names="row").merge(products, on=["customer", "day"])
    rows = rows.join(sums, on="StockCode").join(own, on=["StockCode", "customer"])
    rows = rows.fillna({"sum": 0, "count": 0, "own": 0, "times": 0})
    again, shown = rows["sum"] - rows["own"], rows["count"] - rows["times"]
    rate = (again + SHRINKAGE * share) / (shown + SHRINKAGE)
    return rate.groupby(rows["row"]).mean().reindex(customers.index).fillna(share).to_numpy()


def auc(learned: pd.DataFrame, judged: pd.DataFrame, inputs: list[str]) -> float:
    """Learns from some customers who orders again, and returns how well others are ranked."""
    trees = xgboost.train(TREES, xgboost.DMatrix(learned[inputs], learned["again"]), ROUNDS)
    by_trees = trees.predict(xgboost.DMatrix(judged[inputs]), output_margin=True)
    scaler = StandardScaler().fit(learned[inputs])
    line = LogisticRegression(C=0.1).fit(scaler.transform(learned[inputs]), learned["again"])
    return float(roc_auc_score(judged["again"], by_trees + line.decision_function(scaler.transform(judged[inputs]))))


def at(origin: pd.Timestamp, horizon: int, days: pd.DataFrame, products: pd.DataFrame) -> dict[str, float]:
    """Returns the AUC at an origin by the inputs, learned from windows that had closed by then."""
    past = [origin - pd.Timedelta(days=horizon + 30 * step) for step in range(LATEST)]
    closed = [ordered_once(days, each, horizon) for each in past if each >= FIRST_ORIGIN]
    learned, judged = pd.concat(closed, ignore_index=True), ordered_once(days, origin, horizon).reset_index(drop=True)
    parts = [each.assign(product_rate=product_rate(each, learned, products)) for each in (learned, judged)]
    return {name: auc(*parts, inputs) for name, inputs in INPUTS.items()}


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.first_order", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER")
    lines = sales(parser.parse_args().data)
    days, products = purchase_days(lines), lines[["customer", "day", "StockCode"]].drop_duplicates()
    for horizon in (90, 180):
        origins = [each for each in ORIGINS if each + pd.Timedelta(days=horizon) <= lines["day"].max()]
        found = pd.DataFrame({f"{each:%Y-%m-%d}": at(each, horizon, days, products) for each in origins})
        print(f"\n{horizon} days\n{found.assign(mean=found.mean(axis=1)).round(3).to_string()}")


if __name__ == "__main__":
    main()
