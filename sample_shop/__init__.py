"""The simulated shop: files of orders as a real shop would send them, dirt included, and the truth beside them.

make() writes orders/YYYY-MM.csv.gz, which the pipeline loads with the source sample_shop, and truth.parquet, which it
never reads: what each customer can truly be expected to order and spend after `until`.
"""

from sample_shop.shop import make

__all__ = ["make"]
