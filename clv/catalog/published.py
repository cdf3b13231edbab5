"""The published tables, as their dbt models declare them. All other code takes the list of published tables from here.

A model is published if its yml has `config: {meta: {published: true}}` (see docs/how-to/add-a-published-table.md).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from clv.catalog import dbt_project
from clv.core.errors import ClvError

SLICE = ("as_of_date", "run_id")  # the columns that identify a run's rows
_VIEWS = "models/analytics/published"  # views on other tables; one elsewhere is tagged as below
_LAYER = "layer:"  # what begins the tag that says what builds a model
_VIEW_LAYER = "setup"
_FLAGS = ("published", "history", "may_be_empty", "personal", "contact")  # keys of meta; each value is true or false


@dataclass(frozen=True)
class Table:
    """A table or view that analysts read.

    - key: the columns that identify a row within a run, which are the model's primary key without SLICE; empty for a
      view on other tables
    - history: whether a view NAME_history shows every published date
    - may_be_empty: whether a run may be published without rows of it: its source is optional, no model is trained, or
      nobody has ordered yet
    - personal: whether its rows belong to customers, named by customer_key
    - contact: whether it lists customers to write to
    - layer: what builds it; `setup` makes views alone. Empty for one that no model of dbt makes
    """

    name: str
    description: str
    key: tuple[str, ...] = ()
    history: bool = False
    may_be_empty: bool = False
    personal: bool = False
    contact: bool = False
    layer: str = ""

    @property
    def views(self) -> tuple[str, ...]:
        """Its views in the schema analytics."""
        return (self.name, f"{self.name}_history") if self.history else (self.name,)


def everything() -> dict[str, Table]:
    """Every table and view that analysts read, by name: tables first, then views.

    Raises ClvError, in one line that names the file, for a wrong declaration.
    """
    models = [_model(path, one) for path, one in dbt_project.declared("models") if _meta(one).get("published")]
    sources = [
        _table(path, one)
        for path, source in dbt_project.declared("sources")
        for one in source.get("tables") or []
        if _meta(one).get("published")
    ]
    return {one.name: one for one in sorted([*models, *sources], key=lambda one: (not one.key, one.name))}


def tables() -> dict[str, Table]:
    """The published tables in analytics_runs, to which each run writes rows of its own."""
    return {name: one for name, one in everything().items() if one.key}


def _model(path: Path, declared: dict[str, Any]) -> Table:
    """The table or view of a model. A table without a key would pass for a view, which no gate judges. Other rules for
    models are checked by each build (dbt_project/macros/documented.sql)."""
    table = _table(path, declared)
    if path.is_relative_to(dbt_project.PROJECT / _VIEWS):
        table = replace(table, layer=_VIEW_LAYER)
    if table.layer != _VIEW_LAYER and not table.key:
        raise ClvError(
            f"{path}: {table.name} is published and has no primary key; give its yml the constraint primary_key with "
            f"{', '.join(SLICE)} and what makes a row of a run unique"
        )
    return table


def _table(path: Path, declared: dict[str, Any]) -> Table:
    name, meta = declared.get("name", ""), _meta(declared)
    if unknown := [flag for flag in meta if flag not in _FLAGS]:
        raise ClvError(f"{path}: the meta of {name} has {unknown[0]}; known keys are {', '.join(_FLAGS)}")
    if wrong := [flag for flag, value in meta.items() if not isinstance(value, bool)]:
        raise ClvError(f"{path}: {wrong[0]} in the meta of {name} is {meta[wrong[0]]!r}; write true or false")
    keys = [one.get("columns") or [] for one in declared.get("constraints") or [] if one.get("type") == "primary_key"]
    if keys and not set(SLICE) < set(keys[0]):
        raise ClvError(
            f"{path}: the primary key of {name} is {', '.join(keys[0])}; "
            f"a published table's is {', '.join(SLICE)} and what makes a row of a run unique"
        )
    key = tuple(column for column in (keys[0] if keys else ()) if column not in SLICE)
    flags = {flag: value for flag, value in meta.items() if flag != "published"}
    tags = _config(declared).get("tags") or ()
    layer = next((tag.removeprefix(_LAYER) for tag in tags if tag.startswith(_LAYER)), "")
    return Table(name, " ".join((declared.get("description") or "").split()), key, **flags, layer=layer)


def _config(declared: dict[str, Any]) -> dict[str, Any]:
    return declared.get("config") or {}


def _meta(declared: dict[str, Any]) -> dict[str, Any]:
    return _config(declared).get("meta") or {}
