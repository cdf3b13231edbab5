"""Gate `analytics`: do the tables to be published agree with each other, and with the features?

The features are compared, rather than staging, because another run may have rebuilt staging; the gate `features`
compared them with staging. Every published table is judged by what its model declares. Expectations of one table alone
are in the function with the table's name, in any module of this package; `of_run` holds what these functions share.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterable
from types import ModuleType

from great_expectations.expectations.expectation import Expectation

from clv.catalog import published
from clv.core.errors import ClvError
from clv.quality.rules import Slice, Suite
from expectations.analytics import of_run

_MODULES = [importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]


def suites(slice_: Slice) -> list[Suite]:
    """The suites of a run: one for each published table."""
    tables = published.tables()
    of_one_table = by_table(_MODULES, tables)
    return [
        of_run.suite(slice_, table, of_one_table[name](slice_) if name in of_one_table else [])
        for name, table in tables.items()
    ]


def by_table(modules: Iterable[ModuleType], tables: Iterable[str]) -> dict[str, Callable[[Slice], list[Expectation]]]:
    """The public functions that the modules define, by name, which is the name of a published table.

    Raises ClvError for a function that is named after no published table, and for a second one of the same name.
    """
    found: dict[str, Callable[[Slice], list[Expectation]]] = {}
    for module in modules:
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if module is of_run or name.startswith("_") or function.__module__ != module.__name__:
                continue
            where = f"{module.__name__}: the function {name}"
            if name not in tables:
                raise ClvError(f"{where} is named after no published table; correct its name, or begin it with _")
            if name in found:
                raise ClvError(f"{where} also stands in {found[name].__module__}; keep one of them")
            found[name] = function
    return found
