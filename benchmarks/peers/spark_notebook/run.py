"""The usual Spark notebook: JDBC in, features in Spark, xgboost.spark, JDBC out: run.py SHOP UNTIL OUT

Reads the table `lines` of the database that PEER_URL names (postgresql://user:password@host:port/database), into which
the benchmark has copied the shop's lines, and writes the table `clv`. The examples are those of duckdb_xgboost.
"""

import os
import sys
from datetime import date, timedelta
from functools import reduce
from urllib.parse import unquote, urlsplit

from laps import Laps
from pyspark.sql import SparkSession
from pyspark.sql import functions as F  # noqa: N812 - its usual name
from xgboost.spark import SparkXGBRegressor

HORIZON, ORIGINS, WINDOWS = 365, 4, (30, 90, 180, 365, 730)
DRIVER = "org.postgresql:postgresql:42.7.13"
WORKERS = os.cpu_count()
COLUMNS = (
    "customer_id, order_id, line_id, cast(ordered_at as date) as day, cast(updated_at as timestamp) as updated_at, "
    "amount, quantity, category, status"
)

shop, until, out = sys.argv[1:4]
until = date.fromisoformat(until)
place = urlsplit(os.environ["PEER_URL"])
jdbc = f"jdbc:postgresql://{place.hostname}:{place.port}{place.path}"
login = {"user": place.username, "password": unquote(place.password or ""), "driver": "org.postgresql.Driver"}
laps = Laps()

spark = (
    SparkSession.builder.master("local[*]")
    .config("spark.jars.packages", DRIVER)
    .config("spark.jars.excludes", "org.checkerframework:checker-qual")  # annotations, which only compilers need
    .config("spark.driver.memory", "4g")
    .config("spark.driver.bindAddress", "127.0.0.1")
    .config("spark.driver.host", "127.0.0.1")
    .config("spark.ui.enabled", "false")
    .config("spark.sql.shuffle.partitions", str(4 * WORKERS))
    .getOrCreate()
)
laps.end("start Spark")
parts = [f"(hashtext(customer_id)::bigint + 2147483648) % {2 * WORKERS} = {number}" for number in range(2 * WORKERS)]
query = f"(select {COLUMNS} from lines where status <> 'test' and customer_id is not null) as lines"  # noqa: S608 - our own names
lines = spark.read.jdbc(jdbc, query, predicates=parts, properties={**login, "fetchsize": "50000"})
days = (
    lines.groupBy("customer_id", "order_id", "line_id", "day", "status")
    .agg(*(F.max_by(name, "updated_at").alias(name) for name in ("amount", "quantity", "category")))
    .groupBy("customer_id", "day")
    .agg(
        F.countDistinct(F.when(F.col("status") == "paid", F.col("order_id"))).alias("orders"),
        F.sum("amount").alias("amount"),
        F.sum("quantity").alias("pieces"),
        F.count("*").alias("lines"),
        F.countDistinct("category").alias("categories"),
    )
    .cache()
)
days.count()
laps.end("read by JDBC and clean")


def features(at):
    age = F.datediff(F.lit(at), F.col("day"))
    windows = [
        F.sum(F.when(age <= length, F.col(what))).alias(f"{what}_{length}")
        for length in WINDOWS
        for what in ("orders", "amount")
    ]
    return (
        days.where(F.col("day") < F.lit(at))
        .groupBy("customer_id")
        .agg(
            F.min(age).alias("recency"),
            F.max(age).alias("age"),
            F.count("*").alias("days"),
            *(F.sum(name).alias(name) for name in ("orders", "amount", "pieces", "lines")),
            F.avg("amount").alias("mean_amount"),
            F.stddev_samp("amount").alias("spread"),
            F.max("amount").alias("highest"),
            F.max("categories").alias("categories"),
            F.try_divide(F.max(age) - F.min(age), F.count("*") - 1).alias("gap"),
            F.lit(at.month).alias("month"),
            *windows,
        )
    )


def examples(at):
    ahead = F.datediff(F.col("day"), F.lit(at))
    revenue = days.where((ahead >= 0) & (ahead < HORIZON)).groupBy("customer_id").agg(F.sum("amount").alias("revenue"))
    known = features(at).join(revenue, "customer_id", "left")
    return known.withColumn("revenue", F.greatest(F.coalesce("revenue", F.lit(0.0)), F.lit(0.0)))


def as_doubles(frame):
    return frame.select("customer_id", *(F.col(name).cast("double") for name in frame.columns if name != "customer_id"))


origins = [until - timedelta(days=HORIZON + 91 * number) for number in range(ORIGINS)]
matrix = as_doubles(reduce(lambda one, other: one.unionByName(other), map(examples, origins))).cache()
matrix.count()
now = as_doubles(features(until)).cache()
now.count()
laps.end("features")
learner = SparkXGBRegressor(
    features_col=[name for name in now.columns if name != "customer_id"], label_col="revenue", num_workers=WORKERS,
    n_estimators=150, max_depth=5, learning_rate=0.05, subsample=0.8, min_child_weight=20, tree_method="hist",
)  # fmt: skip
learned = learner.fit(matrix)
laps.end("train")
predicted = learned.transform(now).select("customer_id", F.col("prediction").alias("predicted_revenue")).cache()
predicted.count()
laps.end("score")
predicted.write.jdbc(jdbc, "clv", mode="overwrite", properties={**login, "batchsize": "10000"})
laps.end("write by JDBC")
predicted.toPandas().to_csv(f"{out}/clv.csv", index=False)
laps.save(out)
spark.stop()
