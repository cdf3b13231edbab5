"""What dbt_project.yml declares for SQL and Python: the windows of features, and the horizons of forecasts."""

from __future__ import annotations

import yaml

from clv.core.places import PROJECT

_FILE = PROJECT / "dbt_project" / "dbt_project.yml"
_VARIABLES = yaml.safe_load(_FILE.read_text())["vars"]
HORIZONS: tuple[int, ...] = tuple(_VARIABLES["horizons"])  # horizons in days, unless the shop sets others
LIFETIME: int = _VARIABLES["lifetime_horizon"]  # days at which the remaining lifetime is cut off
WINDOWS: tuple[int, ...] = tuple(_VARIABLES["feature_windows"])
PRIOR_YEAR: tuple[int, ...] = tuple(_VARIABLES["prior_year_windows"])
SEASON: tuple[int, ...] = tuple(_VARIABLES["season_windows"])
