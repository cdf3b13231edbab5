"""RFM cells: a customer is expected to bring what customers of like recency, number of orders and spend brought.

Source: Hughes (1994), Strategic Database Marketing.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from spark_jobs.features.columns import Array, Columns
from spark_jobs.models.forecaster import Customers, Json, Past, Prediction, nothing_closed, plain

NAME = "rfm_cells"
TITLE = "RFM cells"
RESTS_ON = "what customers of like recency, number of orders and spend brought"
COST = 0.02
QUANTILES = (5, 3, 2)  # number of cells along each dimension, finest first
SMALLEST_CELL = 50  # customers; a smaller cell uses the prediction of the next coarser one


@dataclass(frozen=True)
class Grid:
    """Cells of one coarseness. edges: inner edges of recency, frequency and money. customers, share, mean: per cell,
    the number of customers, the share of buyers and the mean spend."""

    edges: list[Array]
    customers: Array
    share: Array
    mean: Array

    def cell(self, columns: Columns) -> Array:
        """Returns the number of each customer's cell, shape (n,)."""
        number = np.zeros(len(columns["days_with_orders"]), int)
        for values, edges in zip(_rfm(columns), self.edges, strict=True):
            number = number * (len(edges) + 1) + np.searchsorted(edges, values, side="left")
        return number


@dataclass(frozen=True)
class Cells:
    """Mean spend and share of buyers of each RFM cell, in `grids` from coarse to fine. share, mean: over all customers,
    for use where every cell is too small."""

    grids: list[Grid]
    share: float
    mean: float

    def predict(self, customers: Customers) -> Prediction:
        """Predicts the mean spend and share of buyers of each customer's finest cell with at least SMALLEST_CELL
        customers."""
        return Prediction(*self.of(customers.columns))

    def of(self, columns: Columns) -> tuple[Array, Array]:
        """Returns the mean spend and share of buyers of each customer's finest cell with at least SMALLEST_CELL
        customers, shape (n,) each."""
        n = len(columns["days_with_orders"])
        mean, share = np.full(n, self.mean), np.full(n, self.share)
        for grid in self.grids:
            cell = grid.cell(columns)
            known = grid.customers[cell] >= SMALLEST_CELL
            mean[known], share[known] = grid.mean[cell][known], grid.share[cell][known]
        return mean, share

    def explain(self, customers: Customers) -> list[str]:
        """Returns the same reason for every customer."""
        return [RESTS_ON] * len(customers)

    def to_json(self) -> Json:
        """Returns the cells as lists of numbers."""
        grids = [
            {name: [list(map(float, e)) for e in value] if name == "edges" else list(map(float, value))
             for name, value in asdict(grid).items()}
            for grid in self.grids
        ]  # fmt: skip
        return plain({"share": self.share, "mean": self.mean, "grids": grids})


def fit(past: Past) -> Cells:
    """Fits one window on the examples whose window had closed by the date."""
    columns, bought, spent = past.closed()
    if not len(bought):
        raise nothing_closed(past)
    return fit_cells(columns, bought, spent)


def from_json(saved: Json) -> Cells:
    """Restores the fitted forecaster that `to_json` wrote."""
    grids = [
        Grid(
            [np.array(edges) for edges in grid["edges"]],
            *(np.array(grid[name]) for name in ("customers", "share", "mean")),
        )
        for grid in saved["grids"]
    ]
    return Cells(grids, saved["share"], saved["mean"])


def fit_cells(columns: Columns, bought: Array, spent: Array) -> Cells:
    """Fits RFM cells to at least one row of closed windows. The cells of a dimension hold equally many customers,
    except where values tie and cells merge."""
    grids = []
    for quantiles in sorted(QUANTILES):
        levels = np.arange(1, quantiles) / quantiles
        edges = [np.unique(np.quantile(values, levels)) for values in _rfm(columns)]
        size = int(np.prod([len(edge) + 1 for edge in edges]))
        empty = Grid(edges, *([np.zeros(size)] * 3))
        cell = empty.cell(columns)
        customers, buyers, money = (np.bincount(cell, w, size) for w in (np.ones(len(spent)), bought, spent))
        grids.append(Grid(edges, customers, (buyers + 0.5) / (customers + 1), money / np.maximum(customers, 1)))
    share = (bought.sum() + 0.5) / (len(bought) + 1)
    return Cells(grids, float(share), float(spent.mean()))


def _rfm(columns: Columns) -> tuple[Array, Array, Array]:
    return columns["days_since_last_order"], columns["days_with_orders"], columns["revenue_total"]
