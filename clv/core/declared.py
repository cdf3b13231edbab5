"""Constants that SQL and Python share: the windows of features and the horizons of forecasts, read from
dbt_project.yml, and the names of the forecasters that may be published."""

from __future__ import annotations

import yaml

from clv.core.places import PROJECT

_FILE = PROJECT / "dbt_project" / "dbt_project.yml"
_VARIABLES = yaml.safe_load(_FILE.read_text())["vars"]
HORIZONS: tuple[int, ...] = tuple(_VARIABLES["horizons"])  # default horizons of forecasts, in days
LIFETIME: int = _VARIABLES["lifetime_horizon"]  # horizon of the lifetime value, in days
WINDOWS: tuple[int, ...] = tuple(_VARIABLES["feature_windows"])
PRIOR_YEAR: tuple[int, ...] = tuple(_VARIABLES["prior_year_windows"])
SEASON: tuple[int, ...] = tuple(_VARIABLES["season_windows"])
CUSTOMERS_PER_ORIGIN: int = _VARIABLES["customers_per_origin"]

OURS = "perennial"  # the name of the blend among the forecasters
ANCHOR = "bgnbd_pareto_nbd_gg"  # the forecaster that the blend starts from
# The forecasters that may be published, unless the shop names others. The first one is published unless another does
# better.
CONTESTANTS: tuple[str, ...] = (OURS, ANCHOR, "trailing", "trailing_year", "rfm_cells")
