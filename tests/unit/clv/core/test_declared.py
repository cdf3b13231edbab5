"""The values declared in dbt_project.yml, and values derived from them."""

from __future__ import annotations

import yaml

from clv.catalog import dbt_project
from clv.core import declared, settings


def test_what_dbt_takes_where_it_is_called_by_itself_follows_from_the_horizons() -> None:
    variables = yaml.safe_load((dbt_project.PROJECT / "dbt_project.yml").read_text())["vars"]
    assert variables["windows"] == settings.windows(declared.HORIZONS)
    assert variables["main_horizon"] == max(declared.HORIZONS)
    assert variables["lifetime_horizon"] == declared.LIFETIME
