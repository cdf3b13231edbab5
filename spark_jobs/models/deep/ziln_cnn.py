"""Convolutions over the latest purchase days, and two dense layers on what they find and on logs of the features, which
predict the chance and the amount of money (see `networks.ziln`)."""

from __future__ import annotations

from spark_jobs.models.deep.networks import apart, fitted
from spark_jobs.models.deep.networks.fitted import Deep
from spark_jobs.models.examples_on_spark import LEARNED
from spark_jobs.models.forecaster import Json, Past

NAME = "ziln_cnn"
TITLE = "ZILN network of sequences"
WHAT = "a network that reads the latest purchases in their order"
RESTS_ON = LEARNED.format(WHAT)
NETWORK = "cnn"
READS_PURCHASES = True


def check() -> None:
    """Raises ClvError if the forecaster cannot be trained here."""
    apart.check(NAME)


def fit(past: Past) -> Deep:
    """Fits one window on the examples whose window had closed by the date."""
    return fitted.fit(past, NETWORK, NAME, WHAT)


def from_json(saved: Json) -> Deep:
    """Restores the fitted forecaster that `to_json` wrote."""
    return fitted.restored(saved, NETWORK, WHAT)
