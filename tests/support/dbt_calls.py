"""Calls of dbt that tests make in addition to builds."""

from __future__ import annotations

from clv.core.settings import Settings
from clv.transform import dbt
from clv.warehouse import db, locks
from clv.warehouse.roles import TRANSFORMER


def unit_tests(settings: Settings) -> int:
    """Runs dbt's unit tests against the tables of a set-up warehouse; returns how many passed."""
    with db.lock(locks.BUILD, settings.url_as(TRANSFORMER)):
        results = dbt._invoke("unit_tests", ["--select", "test_type:unit"], {}, settings, command="test")
    return sum(result["unique_id"].startswith("unit_test.") for result in results)


def compiled(model: str, variables: dict, settings: Settings) -> str:
    """The SQL of a model as it would be run with the given dbt variables."""
    dbt._invoke("compiled", ["--quiet", "--select", model], variables, settings, command="compile")
    return next(dbt._folder("compiled", variables, settings).glob(f"compiled/**/{model}.sql")).read_text()
