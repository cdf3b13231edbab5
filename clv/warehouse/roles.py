"""The PostgreSQL roles of the pipeline. Each part connects with a role of its own, which has only the rights it needs.

    loader       loads, replays, withdraws and restores batches (clv.sources and its commands)
    transformer  builds tables and views with dbt (clv.transform.dbt)
    modeller     trains and scores, and uses the model registry (clv.warehouse.model_choice,
                 clv.evaluation.model_checks, spark_jobs)
    publisher    opens runs and keeps their log, judges and publishes them, writes the pages, and keeps experiments
                 (clv.warehouse.runs, clv.warehouse.publication, clv.reporting.report, expectations,
                 clv.decisions.experiments)
    exporter     sends approved lists to destinations (clv.decisions.exporting)
    analyst      reads what is published (clv.reporting.analyst)

The migrations grant their rights. All other work (migrations, backups, upkeep, scratch databases of backtests) is done
by the owner. In a database that is not embedded, the owner is the user in CLV_WAREHOUSE_URL.
"""

from __future__ import annotations

from clv.core import settings

LOADER, TRANSFORMER, MODELLER, PUBLISHER = "loader", "transformer", "modeller", "publisher"
EXPORTER = "exporter"
ANALYST = "analyst"
PIPELINE = (LOADER, TRANSFORMER, MODELLER, PUBLISHER, EXPORTER)


def name(role: str) -> str:
    """The role's name in PostgreSQL."""
    return f"clv_{role}"


def secret(role: str) -> str:
    """The name of the secret with the role's password."""
    return f"{role}_password"


def url(role: str) -> str:
    """The URL of the home's warehouse as one of the roles."""
    return settings.located().url_as(role)
