"""Simulates a shop: order files as a real shop would send them, with faulty rows, and the true expectations beside
them.

make() writes orders/YYYY-MM.csv.gz, which the pipeline loads as the source sample_shop, and files of the other kinds of
sources: ad spend, and another system's forecasts. It also writes truth.parquet,
which the pipeline never reads: each customer's true expected orders and revenue after `until`.
"""

from sample_shop.shop import make

__all__ = ["make"]
