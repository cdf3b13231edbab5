"""Every expectation has a name and a dimension of data quality."""

from __future__ import annotations

import importlib
import re
import textwrap
from datetime import date
from json import dumps
from pathlib import Path
from types import ModuleType
from typing import get_args

import pytest
from great_expectations.expectations.expectation import Expectation

from clv.catalog import published
from clv.core.errors import ClvError
from clv.core.settings import PROJECT
from clv.quality.rules import Dimension, Slice
from expectations import analytics, features, predictions, raw, staging

SLICE = Slice(date(2024, 6, 1), "2024-06-01.1")


@pytest.mark.parametrize("module", [raw, staging, features, predictions, analytics])
def test_every_expectation_speaks_of_one_dimension(module: ModuleType) -> None:
    found = {one.meta["name"]: one.meta["dimension"] for suite in module.suites(SLICE) for one in suite.expectations}
    assert len(found) > 1
    assert set(found.values()) <= set(get_args(Dimension))


def test_the_remedy_names_the_task_that_builds_the_table() -> None:
    remedies = {
        suite.table.split(".")[1]: {
            remedy for one in suite.expectations if (remedy := one.meta["remedy"]).startswith("clear")
        }
        for suite in analytics.suites(SLICE)
    }
    assert remedies["customer_clv"] == {"clear the task build_analytics"}
    assert remedies["order_payments"] == {"clear the task build_features, with those after it"}
    assert remedies["fct_orders"] == remedies["order_payments"]


def module(name: str, *functions: str) -> ModuleType:
    """A module of functions with these names, and of one that it imports."""
    made = ModuleType(name)
    vars(made)["dumps"] = dumps
    for one in functions:

        def function(_: Slice) -> list[Expectation]:
            return []

        function.__name__, function.__module__ = one, name
        setattr(made, one, function)
    return made


def test_the_function_with_a_tables_name_is_found_in_any_module() -> None:
    own = module("own", "shops", "_sums")
    assert list(analytics.by_table([own], ["shops", "towns"])) == ["shops"]
    assert "fct_orders" in analytics.by_table(analytics._MODULES, published.tables())


def test_the_function_of_the_how_to_page_is_found(tmp_path: Path) -> None:
    page = (PROJECT / "docs" / "how-to" / "add-a-published-table.md").read_text()
    (text,) = re.findall(r"^ *```python\n(.*?)^ *```", page, re.DOTALL | re.MULTILINE)
    (tmp_path / "pauses_of_the_page.py").write_text(textwrap.dedent(text))
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(tmp_path))
        own = importlib.import_module("pauses_of_the_page")
    expectations = analytics.by_table([own], ["customer_pauses"])["customer_pauses"](SLICE)
    assert [one.meta["name"] for one in expectations] == ["customers_complete"]


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (["own"], "own: the function shop is named after no published table; correct its name, or begin it with _"),
        (["own", "other"], "other: the function shop also stands in own; keep one of them"),
    ],
)
def test_a_function_of_no_table_and_a_second_one_are_refused(names: list[str], says: str) -> None:
    modules = [module(name, "shop") for name in names]
    with pytest.raises(ClvError, match=f"^{says}$"):
        analytics.by_table(modules, ["shop"] if len(names) > 1 else ["shops"])
