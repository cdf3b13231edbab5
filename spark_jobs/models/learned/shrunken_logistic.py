"""A logistic regression for the probability of an order, on standardised logs, shrunk as far as customers left out of
it ask for. The money is that probability times the mean spend of buyers in the customer's RFM cell.

The ridge penalty is the one with the least log loss over folds of customers. Source: le Cessie & van Houwelingen
(1992), Ridge estimators in logistic regression, Applied Statistics 41(1).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from spark_jobs.features.columns import Array
from spark_jobs.models.examples_on_spark import LEARNED, closed, log_inputs
from spark_jobs.models.forecaster import Customers, Json, Past, Prediction
from spark_jobs.models.rules import rfm_cells
from spark_jobs.models.rules.rfm_cells import Cells
from spark_jobs.models.spark_parameters import Line

NAME = "shrunken_logistic"
TITLE = "shrunken logistic regression"
RESTS_ON = LEARNED.format("a shrunken regression")
COST = 0.5
# Weights of half the sum of squared coefficients beside the mean log loss, the most shrunken first.
PENALTIES = (0.1, 0.01, 0.001, 0.0001)
FOLDS = 3


@dataclass(frozen=True)
class Shrunken:
    """buy: the log-odds of an order, from logs. buyers: RFM cells of buyers. penalty: the chosen one of PENALTIES."""

    buy: Line
    buyers: Cells
    penalty: float

    def predict(self, customers: Customers) -> Prediction:
        """Predicts the mean money and the chance of an order of each customer."""
        p = expit(self.buy.of(log_inputs(customers.columns)))
        return Prediction(p * self.buyers.of(customers.columns)[0], p)

    def explain(self, customers: Customers) -> list[str]:
        """Returns the same reason for every customer."""
        return [RESTS_ON] * len(customers)

    def to_json(self) -> Json:
        """Returns the coefficients, the cells and the penalty."""
        return {"buy": asdict(self.buy), "buyers": self.buyers.to_json(), "penalty": self.penalty}


def fit(past: Past) -> Shrunken:
    """Fits one window on the examples whose window had closed by the date."""
    known = closed(past)
    logs = np.log1p(known.inputs)
    center, scale = logs.mean(axis=0), logs.std(axis=0)
    scale = np.where(scale > 0, scale, 1)
    inputs = (logs - center) / scale
    fold = np.unique(known.customer, return_inverse=True)[1] % FOLDS
    losses = [sum(_loss(inputs, known.bought, fold == out, penalty) for out in range(FOLDS)) for penalty in PENALTIES]
    penalty = PENALTIES[int(np.argmin(losses))]
    found = _learned(inputs, known.bought, penalty)
    slopes = np.asarray(found.coef_)[0] / scale
    constant = float(np.asarray(found.intercept_)[0] - slopes @ center)
    return Shrunken(Line(slopes.tolist(), constant), known.buyers, penalty)


def from_json(saved: Json) -> Shrunken:
    """Restores the fitted forecaster that `to_json` wrote."""
    return Shrunken(Line(**saved["buy"]), rfm_cells.from_json(saved["buyers"]), saved["penalty"])


def _learned(inputs: Array, bought: Array, penalty: float) -> LogisticRegression:
    return LogisticRegression(C=1 / (penalty * len(bought)), max_iter=200).fit(inputs, bought)


def _loss(inputs: Array, bought: Array, out: Array, penalty: float) -> float:
    """Returns the log loss, summed over the customers left out."""
    log_odds = _learned(inputs[~out], bought[~out], penalty).decision_function(inputs[out])
    return float(np.logaddexp(0, np.where(bought[out] > 0, -log_odds, log_odds)).sum())
