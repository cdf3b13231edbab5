"""CSV files to CLV by PyMC-Marketing: BG/NBD and Gamma-Gamma by MAP, as its tutorials do: run.py SHOP UNTIL OUT"""

import sys

import pandas_sales
from laps import Laps
from pymc_marketing import clv

HORIZON = 365

shop, until, out = sys.argv[1:4]
laps = Laps()

sales, kept = pandas_sales.read(shop, laps)
summary = clv.utils.rfm_summary(sales, "customer_id", "day", "amount", observation_period_end=until, time_unit="D")
laps.end("features")
repeat = clv.BetaGeoModel()
repeat.fit(summary, method="map", progressbar=False)
money = clv.GammaGammaModel()
money.fit(summary[(summary.frequency > 0) & (summary.monetary_value > 0)], method="map", progressbar=False)
laps.end("train")
orders = repeat.expected_purchases(summary, future_t=HORIZON).mean(("chain", "draw"))
value = money.expected_customer_spend(summary).mean(("chain", "draw"))
predicted = (orders * value * kept).to_series()
laps.end("score")
predicted.rename("predicted_revenue").rename_axis("customer_id").to_csv(f"{out}/clv.csv")
laps.end("write")
laps.save(out)
