"""The roles that the warehouse is used as: each part of the pipeline connects as its own, and can do its part alone.

    loader       what comes in: clv.sources and its commands (ingest, replay, withdraw, restore --batch)
    transformer  dbt's builds, and the tables and views they make (clv.transform.dbt)
    modeller     training, scoring, and the registry of models (clv.warehouse.model_choice,
                 clv.evaluation.model_checks, spark_jobs)
    publisher    opens runs and keeps their log, judges them, publishes, writes the pages (clv.warehouse.runs,
                 clv.warehouse.publication, clv.reporting.report, expectations)
    analyst      reads what is published (clv.reporting.analyst)

Their rights are granted in clv/warehouse/migrations. Everything else (migrations, backups, upkeep, the scratch
databases of backtests) is the owner's, whom CLV_WAREHOUSE_URL names where the database is not our own.
"""

from __future__ import annotations

from clv.core import settings

LOADER, TRANSFORMER, MODELLER, PUBLISHER = "loader", "transformer", "modeller", "publisher"
ANALYST = "analyst"
PIPELINE = (LOADER, TRANSFORMER, MODELLER, PUBLISHER)


def name(role: str) -> str:
    """The role's name in PostgreSQL."""
    return f"clv_{role}"


def secret(role: str) -> str:
    """The name of the secret that holds the role's password."""
    return f"{role}_password"


def url(role: str) -> str:
    """The URL of the warehouse of CLV_HOME as one of the roles."""
    return settings.located().url_as(role)
