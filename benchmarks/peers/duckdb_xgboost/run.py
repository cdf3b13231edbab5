"""CSV files to CLV by DuckDB and native XGBoost: run.py SHOP UNTIL OUT

Features of each customer at past dates a quarter apart, the revenue of the year after each as the outcome, one learner
of squared errors, which keeps the total.
"""

import sys
from datetime import date, timedelta

import duckdb
import pandas as pd
import xgboost
from laps import Laps

HORIZON, ORIGINS, WINDOWS = 365, 4, (30, 90, 180, 365, 730)
CLEAN = """
create table days as
select customer_id, ordered_at::date as day, count(distinct order_id) filter (status = 'paid') as orders,
    sum(amount) as amount, sum(quantity) as pieces, count(*) as lines, count(distinct category) as categories,
    any_value(country) as country
from (
    select * from read_csv('{shop}/csv/*.csv.gz', types = {{'customer_id': 'varchar', 'order_id': 'varchar'}})
    where status <> 'test' and customer_id is not null
    qualify row_number() over (partition by order_id, line_id order by updated_at desc) = 1
)
group by customer_id, day
"""
FEATURES = """
select customer_id, date '{at}' - max(day) as recency, date '{at}' - min(day) as age, count(*) as days,
    sum(orders) as orders, sum(amount) as amount, avg(amount) as mean_amount, stddev_samp(amount) as spread,
    max(amount) as highest, sum(pieces) as pieces, sum(lines) as lines, max(categories) as categories,
    (max(day) - min(day)) / nullif(count(*) - 1, 0) as gap, month(date '{at}') as month, {windows}
from days where day < date '{at}' group by customer_id
"""
OUTCOME = """
select customer_id, sum(amount) as revenue from days
where day >= date '{at}' and day < date '{at}' + {horizon} group by customer_id
"""

shop, until, out = sys.argv[1:4]
until = date.fromisoformat(until)
laps = Laps()

connection = duckdb.connect()


def features(at):
    windows = ", ".join(
        f"sum({what}) filter (day >= date '{at}' - {days}) as {what}_{days}"
        for days in WINDOWS
        for what in ("orders", "amount")
    )
    return connection.execute(FEATURES.format(at=at, windows=windows)).df().set_index("customer_id").astype("float32")


connection.execute(CLEAN.format(shop=shop))
laps.end("read and clean")
examples, outcomes = [], []
for number in range(ORIGINS):
    at = until - timedelta(days=HORIZON + 91 * number)
    examples.append(features(at))
    revenue = connection.execute(OUTCOME.format(at=at, horizon=HORIZON)).df().set_index("customer_id").revenue
    outcomes.append(revenue.reindex(examples[-1].index).fillna(0).clip(lower=0))
now = features(until)
laps.end("features")
matrix = xgboost.QuantileDMatrix(pd.concat(examples), pd.concat(outcomes))
parameters = {"objective": "reg:squarederror", "max_depth": 5, "eta": 0.05, "subsample": 0.8, "min_child_weight": 20}
learned = xgboost.train(parameters, matrix, 150)
laps.end("train")
predicted = learned.predict(xgboost.DMatrix(now))
laps.end("score")
pd.DataFrame({"customer_id": now.index, "predicted_revenue": predicted}).to_csv(f"{out}/clv.csv", index=False)
laps.end("write")
laps.save(out)
