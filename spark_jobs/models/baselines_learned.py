"""Baselines that are learned: Spark ML's usual learners and plain XGBoost, on the pooled closed windows of a horizon.

What a data scientist would write first: logs of counts, money and days as inputs, what was spent and whether there
was an order as labels; no offsets, no levels, no calibration of totals. Each learner takes examples made by `closed`
and returns a function that adds its columns to rows made by `inputs`: `<prefix>_p` and `<prefix>_mean`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from pyspark.ml import Pipeline
from pyspark.ml.classification import (
    DecisionTreeClassifier,
    LinearSVC,
    LogisticRegression,
    MultilayerPerceptronClassifier,
    RandomForestClassifier,
)
from pyspark.ml.feature import StandardScaler, VectorAssembler
from pyspark.ml.functions import vector_to_array
from pyspark.ml.regression import DecisionTreeRegressor, LinearRegression, RandomForestRegressor
from pyspark.sql import DataFrame
from pyspark.sql import functions as sf
from xgboost.spark import SparkXGBClassifier, SparkXGBRegressor

from spark_jobs.features.columns import PRIOR_YEAR, WINDOWS

Learned = Callable[[DataFrame], DataFrame]

READ = [
    "days_with_orders", "recency", "t", "days_since_last_order", "revenue_total",
    *(f"orders_{w}" for w in WINDOWS), *(f"revenue_{w}" for w in WINDOWS),
    *(f"{what}_prior_year_{h}" for what in ("orders", "revenue") for h in PRIOR_YEAR[:-1]),
    "order_value_mean", "order_value_std", "order_value_max", "last_order_value", "gap_mean", "gap_last",
    "distinct_products", "distinct_categories", "items_total",
]  # fmt: skip
INPUTS = [f"log_{name}" for name in READ]

TREES = {"maxDepth": 6, "minInstancesPerNode": 20, "cacheNodeIds": False, "maxMemoryInMB": 128}
FOREST = {**TREES, "numTrees": 40, "seed": 0}
BOOSTING = {
    "n_estimators": 150,
    "max_depth": 5,
    "learning_rate": 0.05,
    "min_child_weight": 5,
    "tree_method": "hist",
    "random_state": 0,
}
DESCENT = {"maxIter": 50, "tol": 1e-5}
SHRINKAGE = 0.01  # L2, of inputs in units of their spread
CALIBRATION = 5  # one customer in so many is kept for Platt's scaling


def inputs(data: DataFrame) -> DataFrame:
    """The rows with INPUTS, and the same twice as vectors: `logs` and, without the logs, `plain`.

    What is missing or negative counts as 0.
    """
    plain = {f"plain_{name}": sf.greatest(sf.coalesce(sf.col(name), sf.lit(0.0)), sf.lit(0.0)) for name in READ}
    data = data.withColumns(plain).withColumns({f"log_{name}": sf.log1p(f"plain_{name}") for name in READ})
    for columns, vector in ((INPUTS, "logs"), (list(plain), "plain")):
        data = VectorAssembler(inputCols=columns, outputCol=vector).transform(data)
    return data.drop(*plain)


def closed(examples: DataFrame, horizon: int, training_date: date) -> DataFrame:
    """The learners' examples: rows of `inputs` whose window had closed, with `bought` and `spent`.

    In one partition, sorted by their key, so that the fits depend on the examples alone.
    """
    last = sf.lit(training_date - timedelta(days=horizon))
    orders, spent = sf.col(f"orders_next_{horizon}"), sf.col(f"revenue_next_{horizon}")
    rows = examples.where((sf.col("as_of_date") <= last) & orders.isNotNull()).select(
        "as_of_date", "customer_key", *INPUTS, "logs", "plain",
        (orders > 0).cast("double").alias("bought"), spent.alias("spent"),
    )  # fmt: skip
    return rows.repartition(1).sortWithinPartitions("as_of_date", "customer_key").persist()


def linear(rows: DataFrame, prefix: str) -> Learned:
    """Ordinary regression of spend on plain inputs, a little shrunk, and logistic regression of buying."""
    spread = rows.agg(sf.stddev_pop("spent")).first()[0] or 1.0  # type: ignore[index]
    spend = LinearRegression(featuresCol="plain", labelCol="spent", regParam=SHRINKAGE * spread).fit(rows)
    buy = LogisticRegression(featuresCol="logs", labelCol="bought", regParam=SHRINKAGE / 10, **DESCENT).fit(rows)
    return lambda data: _probability(buy, _money(spend, data, prefix), prefix)


def decision_tree(rows: DataFrame, prefix: str) -> Learned:
    """One tree for spend and one for buying."""
    spend = DecisionTreeRegressor(featuresCol="logs", labelCol="spent", seed=0, **TREES).fit(rows)
    buy = DecisionTreeClassifier(featuresCol="logs", labelCol="bought", seed=0, **TREES).fit(rows)
    return lambda data: _probability(buy, _money(spend, data, prefix), prefix)


def random_forest(rows: DataFrame, prefix: str) -> Learned:
    """One forest for spend and one for buying."""
    spend = RandomForestRegressor(featuresCol="logs", labelCol="spent", **FOREST).fit(rows)
    buy = RandomForestClassifier(featuresCol="logs", labelCol="bought", **FOREST).fit(rows)
    return lambda data: _probability(buy, _money(spend, data, prefix), prefix)


def svm(rows: DataFrame, prefix: str) -> Learned:
    """A linear support vector machine, buyers and others weighing the same; its margin becomes a probability by
    Platt's scaling on customers kept out.

    Platt (1999), Probabilistic outputs for support vector machines.
    """
    share = rows.agg(sf.avg("bought")).first()[0]  # type: ignore[index]
    balanced = rows.withColumn("weight", sf.when(sf.col("bought") > 0, 1 - share).otherwise(share))
    kept_out = sf.crc32("customer_key") % CALIBRATION == 0
    machine = LinearSVC(featuresCol="logs", labelCol="bought", weightCol="weight", regParam=SHRINKAGE, **DESCENT).fit(
        balanced.where(~kept_out)
    )

    def margin(data: DataFrame) -> DataFrame:
        said = machine.transform(data).withColumn("margin", vector_to_array(sf.col("rawPrediction"))[1])
        said = VectorAssembler(inputCols=["margin"], outputCol="margins").transform(said)
        return said.drop("rawPrediction", "prediction", "margin")

    platt = LogisticRegression(featuresCol="margins", labelCol="bought", **DESCENT).fit(margin(rows.where(kept_out)))
    return lambda data: _probability(platt, margin(data), prefix).drop("margins")


def mlp(rows: DataFrame, prefix: str) -> Learned:
    """A perceptron with one hidden layer, on standardised inputs, for buying."""
    scaler = StandardScaler(inputCol="logs", outputCol="scaled", withMean=True)
    network = MultilayerPerceptronClassifier(
        featuresCol="scaled", labelCol="bought", layers=[len(INPUTS), 16, 2], maxIter=60, seed=0
    )
    buy = Pipeline(stages=[scaler, network]).fit(rows)
    return lambda data: _probability(buy, data, prefix).drop("scaled")


def xgboost_tweedie(rows: DataFrame, prefix: str) -> Learned:
    """Boosted trees for spend, zeros and all."""
    common = {"features_col": INPUTS, "num_workers": 1, "verbose": False, **BOOSTING}
    learner = SparkXGBRegressor(label_col="spent", objective="reg:tweedie", tweedie_variance_power=1.5, **common)
    spend = learner.fit(rows)
    return lambda data: _money(spend, data, prefix)


def xgboost_hurdle(rows: DataFrame, prefix: str) -> Learned:
    """Boosted trees for buying, times boosted trees for what a buyer spends."""
    common = {"features_col": INPUTS, "num_workers": 1, "verbose": False, **BOOSTING}
    buy = SparkXGBClassifier(label_col="bought", **common).fit(rows)
    # A buyer whose refunds took everything back still bought; gamma takes no zeros.
    buyers = rows.where("bought = 1").withColumn("spent", sf.greatest("spent", sf.lit(0.01)))
    spend = SparkXGBRegressor(label_col="spent", objective="reg:gamma", **common).fit(buyers)

    def say(data: DataFrame) -> DataFrame:
        said = _probability(buy, _money(spend, data, prefix), prefix)
        return said.withColumn(f"{prefix}_mean", sf.col(f"{prefix}_p") * sf.col(f"{prefix}_mean"))

    return say


LEARNERS: dict[str, Callable[[DataFrame, str], Learned]] = {
    learner.__name__: learner
    for learner in (linear, decision_tree, random_forest, svm, mlp, xgboost_tweedie, xgboost_hurdle)
}


def _money(model, data: DataFrame, prefix: str) -> DataFrame:
    return model.transform(data).withColumnRenamed("prediction", f"{prefix}_mean")


def _probability(model, data: DataFrame, prefix: str) -> DataFrame:
    said = model.transform(data).withColumn(f"{prefix}_p", vector_to_array(sf.col("probability"))[1])
    return said.drop("rawPrediction", "prediction", "probability")
