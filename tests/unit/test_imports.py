"""What a module may import, and where in it."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from clv.core.settings import PROJECT

FOLDERS = ("clv", "spark_jobs", "expectations", "dags", "sample_shop")
OURS = {"clv", "spark_jobs", "expectations", "sample_shop"}
LINTER = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["importlinter"]
ROOTS = LINTER["root_packages"]
MOST = 37  # lower it with each that goes


def inside_functions(text: str) -> int:
    """How many imports of our own modules stand inside functions."""
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    found = {
        (node.lineno, node.col_offset)
        for function in functions
        for node in ast.walk(function)
        if (isinstance(node, ast.Import) and any(name.name.split(".")[0] in OURS for name in node.names))
        or (isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in OURS)
    }
    return len(found)


def test_an_import_of_ours_counts_once_however_deep_it_stands():
    inner = "    def g():\n        from clv import settings\n        import clv.warehouse.runs\n"
    text = f"import clv\n\ndef f():\n    import json\n\n{inner}"
    assert inside_functions(text) == 2


def test_imports_inside_functions_only_become_fewer():
    paths = [path for folder in FOLDERS for path in (PROJECT / folder).rglob("*.py")]
    assert sum(inside_functions(path.read_text()) for path in paths) <= MOST


def lint_imports(folder: Path) -> str:
    """What import-linter says of the packages in a folder, or "" where all is well."""
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
