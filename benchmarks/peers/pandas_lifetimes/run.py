"""CSV files to CLV by pandas and lifetimes: BG/NBD and Gamma-Gamma, as its tutorial does: run.py SHOP UNTIL OUT"""

import sys

import pandas as pd
import pandas_sales
from laps import Laps
from lifetimes import BetaGeoFitter, GammaGammaFitter
from lifetimes.utils import summary_data_from_transaction_data

HORIZON = 365

shop, until, out = sys.argv[1:4]
laps = Laps()

sales, kept = pandas_sales.read(shop, laps)
summary = summary_data_from_transaction_data(
    sales, "customer_id", "day", monetary_value_col="amount", observation_period_end=pd.Timestamp(until)
)
laps.end("features")
repeat = BetaGeoFitter(penalizer_coef=0.001)
repeat.fit(summary.frequency, summary.recency, summary["T"])
again = summary[(summary.frequency > 0) & (summary.monetary_value > 0)]
money = GammaGammaFitter(penalizer_coef=0.001)
money.fit(again.frequency, again.monetary_value)
laps.end("train")
orders = repeat.conditional_expected_number_of_purchases_up_to_time(
    HORIZON, summary.frequency, summary.recency, summary["T"]
)
predicted = orders * money.conditional_expected_average_profit(summary.frequency, summary.monetary_value) * kept
laps.end("score")
predicted.rename("predicted_revenue").rename_axis("customer_id").to_csv(f"{out}/clv.csv")
laps.end("write")
laps.save(out)
