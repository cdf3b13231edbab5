"""Finds the kinds of sources. Each is a package with a `KIND`, in this folder or in $CLV_HOME/kinds."""

from __future__ import annotations

import importlib.util
import sys
from functools import cache
from pathlib import Path

from clv.catalog import tables
from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.sources.kinds.declared import Kind

SHIPPED = Path(__file__).parent
_IN_WORDS = (ImportError, AttributeError, SyntaxError, TypeError, ValueError)  # errors that say what they are
OWN_TABLES = {name for name in vars(tables).values() if isinstance(name, str)}


def known(home: Settings | None = None) -> dict[str, Kind]:
    """Returns the shipped kinds and those of the home by name, orders first. Raises ClvError for a package without a
    kind."""
    folders = [SHIPPED, home.home / "kinds"] if home else [SHIPPED]
    places = [path for folder in folders for path in sorted(folder.glob("*/__init__.py"))]
    found = [declared(path) for path in places]
    for number, (path, kind) in enumerate(zip(places, found, strict=True)):
        before = found[:number]
        if kind.name in (one.name for one in before):
            raise ClvError(f"{path.parent}: another kind is called {kind.name}; rename one of the two")
        if kind.table in (one.table for one in before) or path.parent.parent != SHIPPED and kind.table in OWN_TABLES:
            raise ClvError(
                f"{path.parent}: the table {kind.table} is taken; name another, such as {kind.table}_of_shop"
            )
    found.sort(key=lambda kind: kind.name != "orders")
    return {kind.name: kind for kind in found}


def of(name: str, home: Settings) -> Kind:
    """Returns the kind of this name. Raises ClvError if there is none, because its folder was removed."""
    kinds = known(home)
    if name not in kinds:
        raise ClvError(gone(name, home))
    return kinds[name]


def gone(name: str, home: Settings) -> str:
    """Returns the message that the folder of a kind was removed but the warehouse has rows of it."""
    return (
        f"the folder of the kind {name} is gone from {home.home / 'kinds'} and its rows are in the warehouse; put it "
        f"back, or drop the rows: `clv drop-kind {name}`"
    )


@cache
def declared(path: Path) -> Kind:
    """Imports a package and returns the kind that it declares. Raises ClvError if it declares none."""
    folder = path.parent
    shipped = folder.parent == SHIPPED
    name = f"{__package__}.{folder.name}" if shipped else f"clv_kinds_{abs(hash(folder))}_{folder.name}"
    try:
        if shipped:
            module = importlib.import_module(name)
        else:
            spec = importlib.util.spec_from_file_location(name, path, submodule_search_locations=[str(folder)])
            if spec is None or spec.loader is None:
                raise ImportError(path)
            module = sys.modules[name] = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
        kind = module.KIND
    except Exception as error:
        error = error if isinstance(error, _IN_WORDS) else f"{type(error).__name__}: {error}"
        raise ClvError(f"{folder} declares no kind of source ({error}); correct KIND in its __init__.py") from None
    if not isinstance(kind, Kind):
        raise ClvError(f"{folder}: KIND in its __init__.py is not a clv.sources.kinds.declared.Kind")
    return kind
