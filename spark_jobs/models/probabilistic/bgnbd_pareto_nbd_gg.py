"""The anchor as a forecaster of its own: BG/NBD and Pareto/NBD averaged, times Gamma-Gamma (see `anchor`)."""

from __future__ import annotations

from dataclasses import dataclass

from spark_jobs.models import anchor
from spark_jobs.models.anchor import OriginFit
from spark_jobs.models.forecaster import Customers, Json, Past, Prediction

NAME = "bgnbd_pareto_nbd_gg"
TITLE = "BG/NBD and Pareto/NBD + Gamma-Gamma"
RESTS_ON = "how often and how lately customers ordered, and on the value of an order"
COST = 0.3


@dataclass(frozen=True)
class Anchor:
    """The fitted models, or None. If the anchor fitted at the customers' own date is known, it is used instead. Models
    saved by earlier versions have no models here and always use that anchor."""

    fit: OriginFit | None

    def predict(self, customers: Customers) -> Prediction:
        """Predicts the mean money, the probability of an order and the number of orders over the window."""
        found = customers.anchor
        if found is None and self.fit:
            found = anchor.probabilistic(self.fit, customers.columns, customers.window_days)
        if found is None:
            raise ValueError("no anchor is known, neither the model's own nor one fitted at the customers' date")
        return Prediction(found.revenue, found.p_purchase, found.orders)

    def explain(self, customers: Customers) -> None:  # noqa: ARG002 - none of them
        """Returns None, because the drivers explain the anchor as they explain the blend."""
        return

    def to_json(self) -> Json:
        """Returns the parameters of the three models."""
        return self.fit.as_json() if self.fit else {}


def fit(past: Past) -> Anchor:
    """Returns the anchor fitted at the date, fitting it if necessary."""
    return Anchor(past.anchor or anchor.fit_origin(past.known))


def from_json(saved: Json) -> Anchor:
    """Restores the fitted forecaster that `to_json` wrote."""
    return Anchor(OriginFit.from_json(saved) if saved else None)
