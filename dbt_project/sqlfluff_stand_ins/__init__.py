"""Replacements, for the SQL linter, of macros that only dbt can run."""

from pathlib import Path
from types import SimpleNamespace

import yaml

flags = SimpleNamespace(EMPTY=False)
model = SimpleNamespace(columns={"order_id": SimpleNamespace(name="order_id", data_type="text")})
VARIABLES = yaml.safe_load((Path(__file__).resolve().parent.parent / "dbt_project.yml").read_text())["vars"]


def var(name: str) -> object:
    return VARIABLES[name]


def given(name: str) -> str:
    return "none" if name == "run_id" else "1900-01-01"


def day_before() -> str:
    return "1899-12-02"


def published(relation: object, history: bool = False) -> str:  # noqa: ARG001 - the macro's own arguments
    return "select 1 as one"


def declared_lists(lists: object) -> dict:  # noqa: ARG001 - the macro's own argument
    """Two lists, so that the SQL of lists is linted."""
    one = {"list_name": "loyal", "channel": "email", "action": "thank them", "holdout_share": 0.1, "cap": 9}
    one |= {"rule": "orders_count > 3", "reason": "orders_count::text"}
    numbers = [{"number": 1, "before": []}, {"number": 2, "before": [1]}]
    return {"lists": [one | each for each in numbers], "columns": {"orders_count": "customers.orders_count"}}
