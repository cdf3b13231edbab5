"""Ordinary regression of spend on plain inputs, a little shrunk, and logistic regression of buying."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from pyspark.ml.classification import LogisticRegression
from pyspark.ml.regression import LinearRegression
from scipy.special import expit

from spark_jobs.models.examples_on_spark import DESCENT, LEARNED, SHRINKAGE, examples, log_inputs, plain_inputs
from spark_jobs.models.forecaster import Customers, Json, Past, Prediction
from spark_jobs.models.spark_parameters import Line, line

NAME = "linear"
TITLE = "linear + logistic regression"
RESTS_ON = LEARNED.format("a regression")


@dataclass(frozen=True)
class Regressions:
    """Of spend, on plain inputs; of the log-odds of buying, on logs."""

    spend: Line
    buy: Line

    def predict(self, customers: Customers) -> Prediction:
        """Money and chance of an order."""
        columns = customers.columns
        return Prediction(self.spend.of(plain_inputs(columns)), expit(self.buy.of(log_inputs(columns))))

    def explain(self, customers: Customers) -> list[str]:
        """The same for all."""
        return [RESTS_ON] * len(customers)

    def to_json(self) -> Json:
        """The coefficients."""
        return asdict(self)


def fit(past: Past) -> Regressions:
    """Fits a window to what had closed by the date."""
    with examples(past) as known:
        spread = known.rows.agg({"spent": "stddev_pop"}).first()[0] or 1.0  # type: ignore[index]
        spend = LinearRegression(featuresCol="plain", labelCol="spent", regParam=SHRINKAGE * spread)
        buy = LogisticRegression(featuresCol="logs", labelCol="bought", regParam=SHRINKAGE / 10, **DESCENT)
        return Regressions(line(spend.fit(known.rows)), line(buy.fit(known.rows)))


def from_json(saved: Json) -> Regressions:
    """What `to_json` kept."""
    return Regressions(Line(**saved["spend"]), Line(**saved["buy"]))
