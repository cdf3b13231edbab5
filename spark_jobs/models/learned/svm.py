"""A linear support vector machine for buying, trained with equal total weight for buyers and non-buyers.

Platt's scaling, fitted on customers left out of training, turns the margin into a probability. The money is that
probability times the mean spend of buyers in the customer's RFM cell. Source: Platt (1999), Probabilistic outputs for
support vector machines.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from pyspark.ml.classification import LinearSVC, LogisticRegression
from pyspark.ml.feature import VectorAssembler
from pyspark.ml.functions import vector_to_array
from pyspark.sql import DataFrame
from pyspark.sql import functions as sf
from scipy.special import expit

from spark_jobs.features.columns import Array, Columns
from spark_jobs.models.examples_on_spark import DESCENT, LEARNED, SHRINKAGE, examples, log_inputs
from spark_jobs.models.forecaster import Customers, Json, Past, Prediction
from spark_jobs.models.rules import rfm_cells
from spark_jobs.models.rules.rfm_cells import Cells
from spark_jobs.models.spark_parameters import Line, line

NAME = "svm"
TITLE = "SVM"
RESTS_ON = LEARNED.format("a support vector machine")
COST = 6.0
CALIBRATION = 5  # one customer in so many is left out of training, for Platt's scaling


@dataclass(frozen=True)
class Machine:
    """margin: the machine's margin, from logs. platt: the line from margin to log-odds. buyers: RFM cells of buyers."""

    margin: Line
    platt: Line
    buyers: Cells

    def predict(self, customers: Customers) -> Prediction:
        """Predicts the mean money and the chance of an order of each customer."""
        p = self.chance(customers.columns)
        return Prediction(p * self.buyers.of(customers.columns)[0], p)

    def chance(self, columns: Columns) -> Array:
        """Returns the probability of an order, shape (n,)."""
        return expit(self.platt.of(self.margin.of(log_inputs(columns))[:, None]))

    def explain(self, customers: Customers) -> list[str]:
        """Returns the same reason for every customer."""
        return [RESTS_ON] * len(customers)

    def to_json(self) -> Json:
        """Returns the coefficients and the cells."""
        return {"margin": asdict(self.margin), "platt": asdict(self.platt), "buyers": self.buyers.to_json()}


def fit(past: Past) -> Machine:
    """Fits one window on the examples whose window had closed by the date."""
    with examples(past) as known:
        share = known.rows.agg({"bought": "avg"}).first()[0]  # type: ignore[index]
        weight = sf.when(sf.col("bought") > 0, 1 - share).otherwise(share)
        kept_out = sf.crc32("customer_key") % CALIBRATION == 0
        learner = LinearSVC(featuresCol="logs", labelCol="bought", weightCol="weight", regParam=SHRINKAGE, **DESCENT)
        machine = learner.fit(known.rows.withColumn("weight", weight).where(~kept_out))

        def margin(data: DataFrame) -> DataFrame:
            found = machine.transform(data).withColumn("margin", vector_to_array(sf.col("rawPrediction"))[1])
            return VectorAssembler(inputCols=["margin"], outputCol="margins").transform(found)

        scaling = LogisticRegression(featuresCol="margins", labelCol="bought", predictionCol="predicted",
                                     rawPredictionCol="raw", probabilityCol="p", **DESCENT)  # fmt: skip
        platt = scaling.fit(margin(known.rows.where(kept_out)))
        return Machine(line(machine), line(platt), known.buyers)


def from_json(saved: Json) -> Machine:
    """Restores the fitted forecaster that `to_json` wrote."""
    return Machine(Line(**saved["margin"]), Line(**saved["platt"]), rfm_cells.from_json(saved["buyers"]))
