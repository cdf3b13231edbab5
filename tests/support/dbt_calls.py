"""What tests ask of dbt beside its builds."""

from __future__ import annotations

from clv import dbt, warehouse
from clv.roles import TRANSFORMER
from clv.settings import Settings


def unit_tests(settings: Settings) -> int:
    """Runs dbt's unit tests against the tables of a set-up warehouse; returns how many passed."""
    with warehouse.lock(dbt.LOCK, settings.url_as(TRANSFORMER)):
        results = dbt._invoke("unit_tests", ["--select", "test_type:unit"], {}, settings, command="test")
    return sum(result["unique_id"].startswith("unit_test.") for result in results)


def compiled(model: str, variables: dict, settings: Settings) -> str:
    """The SQL of a model as it would be run with the given dbt variables."""
    dbt._invoke("compiled", ["--quiet", "--select", model], variables, settings, command="compile")
    return next(dbt._folder("compiled", variables, settings).glob(f"compiled/**/{model}.sql")).read_text()
