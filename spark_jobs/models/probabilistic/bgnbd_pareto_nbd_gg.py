"""The anchor by itself: BG/NBD and Pareto/NBD averaged, times Gamma-Gamma (see `anchor`)."""

from __future__ import annotations

from dataclasses import dataclass

from spark_jobs.models import anchor
from spark_jobs.models.anchor import OriginFit
from spark_jobs.models.forecaster import Customers, Json, Past, Prediction

NAME = "bgnbd_pareto_nbd_gg"
TITLE = "BG/NBD and Pareto/NBD + Gamma-Gamma"
RESTS_ON = "how often and how lately customers ordered, and on the value of an order"


@dataclass(frozen=True)
class Anchor:
    """The models as they were fitted; those of the customers' own date go first, where they are known, and models kept
    by earlier versions rest on these alone."""

    fit: OriginFit | None

    def predict(self, customers: Customers) -> Prediction:
        """Money, chance of an order and orders over the window."""
        found = customers.anchor
        if found is None and self.fit:
            found = anchor.probabilistic(self.fit, customers.columns, customers.window_days)
        if found is None:
            raise ValueError("the anchor was fitted neither then nor now")
        return Prediction(found.revenue, found.p_purchase, found.orders)

    def explain(self, customers: Customers) -> None:  # noqa: ARG002 - none of them
        """Drivers explain the anchor, as they do the blend."""
        return

    def to_json(self) -> Json:
        """The three models' parameters."""
        return self.fit.as_json() if self.fit else {}


def fit(past: Past) -> Anchor:
    """The anchor of the date."""
    return Anchor(past.anchor or anchor.fit_origin(past.known))


def from_json(saved: Json) -> Anchor:
    """What `to_json` kept."""
    return Anchor(OriginFit.from_json(saved) if saved else None)
