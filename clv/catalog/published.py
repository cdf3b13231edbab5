"""The published tables, as their dbt models declare them. Whoever needs to know what is published asks here.

A model is published where its yml says so: `config: {meta: {published: true}}`; docs/how-to/add-a-published-table.md
says the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clv.catalog import dbt_project
from clv.core.errors import ClvError

SLICE = ("as_of_date", "run_id")  # whose rows a run's are
_SAID = ("published", "history", "may_be_empty", "personal", "contact")  # in meta, each true or false


@dataclass(frozen=True)
class Table:
    """What analysts read under a name.

    key: the columns that make a row of a run unique, which the model's primary key adds to SLICE; empty for a view on
    other tables. history: whether a view NAME_history shows every published date. may_be_empty: a run may be published
    without a row of it, since its source is optional, no model is trained or nobody has ordered yet. personal: its rows
    are of customers, named by customer_key. contact: it is a list of whom to write to.
    """

    name: str
    description: str
    key: tuple[str, ...] = ()
    history: bool = False
    may_be_empty: bool = False
    personal: bool = False
    contact: bool = False

    @property
    def views(self) -> tuple[str, ...]:
        """The names in the schema analytics that show it."""
        return (self.name, f"{self.name}_history") if self.history else (self.name,)


def everything() -> dict[str, Table]:
    """All that analysts read, by name: tables first, then views. Raises ClvError, in one line that names the file, for
    a wrong declaration."""
    models = [_table(path, one) for path, one in dbt_project.declared("models") if _meta(one).get("published")]
    sources = [
        _table(path, one)
        for path, source in dbt_project.declared("sources")
        for one in source.get("tables") or []
        if _meta(one).get("published")
    ]
    return {one.name: one for one in sorted([*models, *sources], key=lambda one: (not one.key, one.name))}


def tables() -> dict[str, Table]:
    """What each run writes rows of its own to, in analytics_runs."""
    return {name: one for name, one in everything().items() if one.key}


def _table(path: Path, declared: dict[str, Any]) -> Table:
    name, meta = declared.get("name", ""), _meta(declared)
    if unknown := [said for said in meta if said not in _SAID]:
        raise ClvError(f"{path}: the meta of {name} has {unknown[0]}; what it may have is {', '.join(_SAID)}")
    if wrong := [said for said, value in meta.items() if not isinstance(value, bool)]:
        raise ClvError(f"{path}: {wrong[0]} in the meta of {name} is {meta[wrong[0]]!r}; write true or false")
    keys = [one.get("columns") or [] for one in declared.get("constraints") or [] if one.get("type") == "primary_key"]
    if keys and not set(SLICE) < set(keys[0]):
        raise ClvError(
            f"{path}: the primary key of {name} is {', '.join(keys[0])}; "
            f"a published table's is {', '.join(SLICE)} and what makes a row of a run unique"
        )
    key = tuple(column for column in (keys[0] if keys else ()) if column not in SLICE)
    said = {what: value for what, value in meta.items() if what != "published"}
    return Table(name, " ".join((declared.get("description") or "").split()), key, **said)


def _meta(declared: dict[str, Any]) -> dict[str, Any]:
    return (declared.get("config") or {}).get("meta") or {}
