"""Which kinds of sources there are: a folder each, here or in $CLV_HOME/kinds, whose package declares `KIND`."""

from __future__ import annotations

import importlib.util
import sys
from functools import cache
from pathlib import Path

from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.sources.kinds.declared import Kind

SHIPPED = Path(__file__).parent


def known(home: Settings | None = None) -> dict[str, Kind]:
    """The kinds by name, orders first: the shipped ones and those of the home. Raises ClvError naming a folder that
    declares none."""
    folders = [SHIPPED, home.home / "kinds"] if home else [SHIPPED]
    found = [declared(path) for folder in folders for path in sorted(folder.glob("*/__init__.py"))]
    found.sort(key=lambda kind: kind.name != "orders")
    return {kind.name: kind for kind in found}


def of(name: str, home: Settings) -> Kind:
    """The kind of this name. Raises ClvError where its folder is not there any more."""
    kinds = known(home)
    if name not in kinds:
        raise ClvError(f"there is no kind '{name}' of source; put its folder back into {home.home / 'kinds'}")
    return kinds[name]


@cache
def declared(path: Path) -> Kind:
    """The kind that a package declares. Raises ClvError where it declares none."""
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
    except (ImportError, AttributeError, SyntaxError, TypeError, ValueError) as error:
        raise ClvError(f"{folder} declares no kind of source ({error}); correct KIND in its __init__.py") from None
    if not isinstance(kind, Kind):
        raise ClvError(f"{folder}: KIND in its __init__.py is no clv.sources.kinds.declared.Kind")
    return kind
