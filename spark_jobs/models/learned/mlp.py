"""A perceptron with one hidden layer, on standardised logs, for the probability of an order. The money is that
probability times the mean spend of buyers in the customer's RFM cell."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from pyspark.ml.classification import MultilayerPerceptronClassifier
from pyspark.ml.feature import StandardScaler

from spark_jobs.models.examples_on_spark import LEARNED, READ, examples, log_inputs
from spark_jobs.models.forecaster import Customers, Json, Past, Prediction
from spark_jobs.models.rules import rfm_cells
from spark_jobs.models.rules.rfm_cells import Cells
from spark_jobs.models.spark_parameters import Network

NAME = "mlp"
TITLE = "MLP"
RESTS_ON = LEARNED.format("a perceptron")
COST = 8.0
HIDDEN = 16


@dataclass(frozen=True)
class Perceptron:
    """The network, which takes logs, and the RFM cells of buyers."""

    network: Network
    buyers: Cells

    def predict(self, customers: Customers) -> Prediction:
        """Predicts the mean money and the chance of an order of each customer."""
        p = self.network.chance(log_inputs(customers.columns))
        return Prediction(p * self.buyers.of(customers.columns)[0], p)

    def explain(self, customers: Customers) -> list[str]:
        """Returns the same reason for every customer."""
        return [RESTS_ON] * len(customers)

    def to_json(self) -> Json:
        """Returns the network's weights and the cells."""
        return {"network": asdict(self.network), "buyers": self.buyers.to_json()}


def fit(past: Past) -> Perceptron:
    """Fits one window on the examples whose window had closed by the date."""
    layers = [len(READ), HIDDEN, 2]
    with examples(past) as known:
        scaler = StandardScaler(inputCol="logs", outputCol="scaled", withMean=True).fit(known.rows)
        learner = MultilayerPerceptronClassifier(
            featuresCol="scaled", labelCol="bought", layers=layers, maxIter=60, seed=0
        )
        found = learner.fit(scaler.transform(known.rows))
        lists = (vector.toArray().tolist() for vector in (scaler.mean, scaler.std, found.weights))
        means, deviations, weights = lists
        return Perceptron(Network(means, deviations, layers, weights), known.buyers)


def from_json(saved: Json) -> Perceptron:
    """Restores the fitted forecaster that `to_json` wrote."""
    return Perceptron(Network(**saved["network"]), rfm_cells.from_json(saved["buyers"]))
