"""RFM cells: customers of like recency, number of orders and spend bring what such customers brought.

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
QUANTILES = (5, 3, 2)  # cells per side, finest first
SMALLEST_CELL = 50  # customers; a smaller cell's forecast comes from the next coarser one


@dataclass(frozen=True)
class Grid:
    """Cells of one coarseness. edges: inner borders of recency, frequency and money; the rest per cell."""

    edges: list[Array]
    customers: Array
    share: Array
    mean: Array

    def cell(self, columns: Columns) -> Array:
        """The number of each customer's cell, shape (n,)."""
        number = np.zeros(len(columns["days_with_orders"]), int)
        for values, edges in zip(_rfm(columns), self.edges, strict=True):
            number = number * (len(edges) + 1) + np.searchsorted(edges, values, side="left")
        return number


@dataclass(frozen=True)
class Cells:
    """Mean next spend and share of buyers per RFM cell; `grids` from coarse to fine."""

    grids: list[Grid]
    share: float
    mean: float

    def predict(self, customers: Customers) -> Prediction:
        """The prediction of each customer's finest cell that is not small."""
        return Prediction(*self.of(customers.columns))

    def of(self, columns: Columns) -> tuple[Array, Array]:
        """Mean spend and share of buyers of each customer's finest cell that is not small, shape (n,)."""
        n = len(columns["days_with_orders"])
        mean, share = np.full(n, self.mean), np.full(n, self.share)
        for grid in self.grids:
            cell = grid.cell(columns)
            known = grid.customers[cell] >= SMALLEST_CELL
            mean[known], share[known] = grid.mean[cell][known], grid.share[cell][known]
        return mean, share

    def explain(self, customers: Customers) -> list[str]:
        """The same for all."""
        return [RESTS_ON] * len(customers)

    def to_json(self) -> Json:
        """The cells as lists of numbers."""
        grids = [
            {name: [list(map(float, e)) for e in value] if name == "edges" else list(map(float, value))
             for name, value in asdict(grid).items()}
            for grid in self.grids
        ]  # fmt: skip
        return plain({"share": self.share, "mean": self.mean, "grids": grids})


def fit(past: Past) -> Cells:
    """Fits a window to what had closed by the date."""
    columns, bought, spent = past.closed()
    if not len(bought):
        raise nothing_closed(past)
    return fit_cells(columns, bought, spent)


def from_json(saved: Json) -> Cells:
    """What `to_json` kept."""
    grids = [
        Grid(
            [np.array(edges) for edges in grid["edges"]],
            *(np.array(grid[name]) for name in ("customers", "share", "mean")),
        )
        for grid in saved["grids"]
    ]
    return Cells(grids, saved["share"], saved["mean"])


def fit_cells(columns: Columns, bought: Array, spent: Array) -> Cells:
    """RFM cells of equally many customers from closed windows, at least one row; cells may merge where values tie."""
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
