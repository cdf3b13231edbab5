"""What the SQL linter puts in the place of macros that only dbt itself can run."""

from types import SimpleNamespace

flags = SimpleNamespace(EMPTY=False)
VARIABLES = {
    "horizons": [90, 180, 365],
    "windows": [30, 45, 60, 90, 122, 180, 365],
    "main_horizon": 365,
    "lifetime_horizon": 1825,
    "gross_margin": 1.0,
    "discount_rate": 0.1,
    "margin_is_set": False,
    "unknown_consent": "exclude",
    "transition_days": 30,
    "cohort_months": 24,
    "smallest_group": 10,
}


def var(name: str) -> object:
    return VARIABLES[name]


def given(name: str) -> str:
    return "none" if name == "run_id" else "1900-01-01"


def day_before() -> str:
    return "1899-12-02"


def published(relation: object, history: bool = False) -> str:  # noqa: ARG001 - the macro's own arguments
    return "select 1 as one"
