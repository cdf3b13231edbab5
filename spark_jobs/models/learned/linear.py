"""Linear regression of spend on plain inputs, with a small L2 penalty, and logistic regression of buying on logs."""

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
COST = 4.0


@dataclass(frozen=True)
class Regressions:
    """Two linear models: spend on plain inputs, and the log-odds of buying on logs."""

    spend: Line
    buy: Line

    def predict(self, customers: Customers) -> Prediction:
        """Predicts the mean money and the chance of an order of each customer."""
        columns = customers.columns
        return Prediction(self.spend.of(plain_inputs(columns)), expit(self.buy.of(log_inputs(columns))))

    def explain(self, customers: Customers) -> list[str]:
        """Returns the same reason for every customer."""
        return [RESTS_ON] * len(customers)

    def to_json(self) -> Json:
        """Returns the coefficients by name."""
        return asdict(self)


def fit(past: Past) -> Regressions:
    """Fits one window on the examples whose window had closed by the date."""
    with examples(past) as known:
        spread = known.rows.agg({"spent": "stddev_pop"}).first()[0] or 1.0  # type: ignore[index]
        spend = LinearRegression(featuresCol="plain", labelCol="spent", regParam=SHRINKAGE * spread)
        buy = LogisticRegression(featuresCol="logs", labelCol="bought", regParam=SHRINKAGE / 10, **DESCENT)
        return Regressions(line(spend.fit(known.rows)), line(buy.fit(known.rows)))


def from_json(saved: Json) -> Regressions:
    """Restores the fitted forecaster that `to_json` wrote."""
    return Regressions(Line(**saved["spend"]), Line(**saved["buy"]))
