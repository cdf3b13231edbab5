"""Which modules a module may import, and where."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from clv.core.settings import PROJECT

FOLDERS = ("clv", "spark_jobs", "expectations", "dags", "sample_shop", "scripts", "benchmarks", "docker")
LINTER = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["importlinter"]
ROOTS = LINTER["root_packages"]
MOST = 10  # imports inside functions, in all folders together


def inside_functions(text: str) -> list[tuple[int, bool]]:
    """The line of each import in a function, and whether a comment gives its reason: on the same line, or directly
    above it or above the imports that precede it."""
    lines = text.splitlines()
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    found = {
        node.lineno: node.end_lineno or node.lineno
        for function in functions
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    explained: dict[int, bool] = {}
    for first, last in sorted(found.items()):
        above = lines[first - 2].strip()
        explained[first] = "  # " in lines[last - 1] or above.startswith("#") or explained.get(first - 1, False)
    return sorted(explained.items())


def test_an_import_in_a_function_counts_once_and_needs_its_reason():
    text = """
def f():
    # Spark takes seconds.
    import pyspark
    import xgboost

    def g():
        import json
        from clv import core  # for show
"""
    assert inside_functions(text) == [(4, True), (5, True), (8, False), (9, True)]


def test_functions_hold_few_imports_and_each_says_why():
    paths = [path for folder in FOLDERS for path in (PROJECT / folder).rglob("*.py")]
    found = [(path, *one) for path in paths for one in inside_functions(path.read_text())]
    assert [f"{path}:{line}" for path, line, explained in found if not explained] == []
    assert len(found) <= MOST


def lint_imports(folder: Path) -> str:
    """The errors that import-linter reports for the packages in a folder; "" if there are none."""
    linter = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([linter, "--no-cache", "--no-logo"], cwd=folder, capture_output=True, text=True)
    return "" if result.returncode == 0 else result.stdout


@pytest.mark.parametrize(
    ("module", "text", "complaint"),
    [
        ("clv/core/dates.py", "from clv.pipeline import steps", "clv.core.dates -> clv.pipeline.steps"),
        ("clv/core/dates.py", "def f():\n    import spark_jobs.train", "clv.core.dates -> spark_jobs.train"),
        ("clv/quality/results.py", "from clv.transform import dbt", "clv.quality.results -> clv.transform.dbt"),
        ("clv/core/errors.py", "def f():\n    import clv.core.dates", "No cycles are allowed in clv.core"),
    ],
    ids=["upward", "upward in a function", "between peers", "in a circle"],
)
def test_an_import_that_may_not_be_fails_the_lint(module, text, complaint, tmp_path):
    for folder in ROOTS:
        shutil.copytree(PROJECT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "pyproject.toml", tmp_path)
    with (tmp_path / module).open("a") as file:
        file.write(f"\n\n{text}\n")
    assert complaint in " ".join(lint_imports(tmp_path).split())


def test_the_layers_name_every_room():
    layers = {name.strip() for layer in LINTER["contracts"][0]["layers"] for name in layer.split("|")}
    rooms = {f"clv.{path.parent.name}" for path in (PROJECT / "clv").glob("*/__init__.py")}
    assert layers == rooms | {*ROOTS, "clv.cli"} - {"clv"}
