"""What is declared for SQL and Python: in dbt_project.yml the windows of features and the horizons of forecasts, here
the forecasters that may be published."""

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

OURS = "perennial"  # the blend, among the forecasters
# Forecasters that may be published where a shop names no others; the first one is, unless another did better.
ANCHOR = "bgnbd_pareto_nbd_gg"  # the forecaster that the blend starts from
CONTESTANTS: tuple[str, ...] = (OURS, ANCHOR, "trailing", "trailing_year", "rfm_cells")
