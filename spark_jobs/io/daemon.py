"""Spark's daemon of Python workers, with the jobs' libraries imported: workers are forked from it and inherit them.

Otherwise each worker spends seconds importing them. Named in `spark.python.daemon.module`.
"""

import adbc_driver_postgresql.dbapi  # noqa: F401
import pyspark.worker  # noqa: F401
import xgboost.spark  # noqa: F401
from pyspark.daemon import manager

import spark_jobs.score
import spark_jobs.train  # noqa: F401

if __name__ == "__main__":
    manager()
