"""Simulates what another system forecasts for the shop's customers: exports of profiles with Klaviyo's columns.

The forecast is plausible and independent of the truth: a customer's own pace of orders, which fades while the customer
is silent, times the mean order value, with noise. It uses orders before its day only.
"""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path

import numpy as np

HORIZON_DAYS = 365
SUBSCRIBERS = 0.03  # profiles without orders, as a share of those with orders; they have no forecast
SHRINKAGE_DAYS, SHRINKAGE_ORDERS = 200.0, 1.0  # of a customer's own pace towards the shop's
FADING = 1.5  # mean gaps of silence after which the expected pace has fallen to 1/e
NOISE = 0.35
# The columns of the export. Only those of customers and of predictions are filled.
COLUMNS: tuple[str, ...] = (
    "Email", "Klaviyo ID", "First Name", "Last Name", "Organization", "Title", "Phone Number", "Address", "Address 2",
    "City", "State / Region", "Country", "Zip Code", "Latitude", "Longitude", "Source", "Consent?",
    "SMS Consent Timestamp", "First Active", "Last Active", "Profile Created On", "Date Added", "Last Open",
    "Last Click", "Historic Customer Lifetime Value", "Predicted Customer Lifetime Value",
    "Total Customer Lifetime Value", "Historic Number Of Orders", "Predicted Number Of Orders",
    "Churn Risk Prediction", "Average Days Between Orders", "Average Order Value", "Expected Date Of Next Order",
)  # fmt: skip


def write(folder: Path, lines: dict, start: date, days: tuple[int, ...], seed: int) -> None:
    """Writes folder/klaviyo-YYYY-MM-DD.csv for each of these days of the history, if it is not its first.

    lines: the shop's order lines, one element per line: customer, order, time (days from start) and amount (cents).
    """
    folder.mkdir(parents=True, exist_ok=True)
    for day in days:
        if day > 0:
            rows = profiles(lines, day, start, np.random.default_rng([seed, 3, day]))
            with (folder / f"klaviyo-{start + timedelta(days=day)}.csv").open("w", newline="") as file:
                writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
                writer.writeheader()
                writer.writerows(rows)


def profiles(lines: dict, day: int, start: date, rng: np.random.Generator) -> list[dict[str, object]]:
    """The profiles of the customers who ordered before a day of the history, and of subscribers who did not."""
    before = lines["time"] < day
    orders, first = np.unique(lines["order"][before], return_index=True)
    customer, time = lines["customer"][before][first], lines["time"][before][first]
    amount = np.bincount(lines["customer"][before], lines["amount"][before]) / 100
    known = np.unique(customer)
    number = np.bincount(customer)[known]
    revenue = amount[known]
    began, last = np.full(len(amount), np.inf), np.zeros(len(amount))
    np.minimum.at(began, customer, time)
    np.maximum.at(last, customer, time)
    began, last = began[known], last[known]
    age, silent = day - began, day - last
    pace = len(orders) / max(age.sum(), 1.0)  # of the shop, in orders per customer and day
    own = (number - 1 + SHRINKAGE_ORDERS) / (age + SHRINKAGE_DAYS)
    gap = 1 / np.maximum(own, pace / 10)
    predicted = own * np.exp(-silent / (FADING * gap)) * HORIZON_DAYS * rng.lognormal(0, NOISE, len(known))
    value = (revenue + revenue.sum() / number.sum()) / (number + 1)
    rows: list[dict[str, object]] = [
        {
            "Email": f"C{who + 1:07}@example.com",
            "Klaviyo ID": f"K{who + 1:07}",
            "Historic Customer Lifetime Value": f"{revenue[place]:.2f}",
            "Predicted Customer Lifetime Value": f"{predicted[place] * value[place]:.2f}",
            "Total Customer Lifetime Value": f"{revenue[place] + predicted[place] * value[place]:.2f}",
            "Historic Number Of Orders": number[place],
            "Predicted Number Of Orders": f"{predicted[place]:.2f}",
            "Churn Risk Prediction": f"{np.exp(-predicted[place]):.4f}",
            "Average Days Between Orders": f"{gap[place]:.1f}",
            "Average Order Value": f"{revenue[place] / number[place]:.2f}",
            "Expected Date Of Next Order": start + timedelta(days=float(min(last[place] + gap[place], day + 3650))),
        }
        for place, who in enumerate(known)
    ]
    more = range(round(SUBSCRIBERS * len(known)))
    return rows + [{"Email": f"subscriber{who:05}@example.com", "Klaviyo ID": f"S{who:05}"} for who in more]
