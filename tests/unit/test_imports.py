"""Imports of our own modules inside functions hide circles between packages: their number may only fall."""

from __future__ import annotations

import ast

from clv.core.settings import PROJECT

FOLDERS = ("clv", "spark_jobs", "expectations", "dags", "sample_shop")
OURS = {"clv", "spark_jobs", "expectations", "sample_shop"}
MOST = 103  # lower it with each that goes


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
