"""The daemon from which Spark forks its Python workers, with the jobs' libraries already imported.

Forked workers inherit the imports; otherwise each worker would spend seconds importing them. The setting
`spark.python.daemon.module` names this module.
"""

import adbc_driver_postgresql.dbapi  # noqa: F401
import pyspark.worker  # noqa: F401
from pyspark.daemon import manager

import spark_jobs.score
import spark_jobs.train  # noqa: F401

if __name__ == "__main__":
    manager()
