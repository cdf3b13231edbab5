"""No function is longer than a screen, and no module longer than one sitting."""

from __future__ import annotations

import ast

from clv.core.settings import PROJECT

FOLDERS = ("clv", "spark_jobs", "expectations", "dags", "sample_shop", "scripts", "benchmarks", "tests")
LINES_OF_A_FUNCTION = 60
LINES_OF_A_MODULE = 300


def modules() -> dict[str, str]:
    """The text of every module, by its path in the project."""
    paths = [path for folder in FOLDERS for path in (PROJECT / folder).rglob("*.py")]
    return {str(path.relative_to(PROJECT)): path.read_text() for path in paths}


def functions_longer_than(lines: int, text: str) -> list[str]:
    """The names of the functions with more lines than this, not counting decorators."""
    return [
        node.name
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 > lines
    ]  # fmt: skip


def test_lines_are_counted_from_the_name_to_the_last_statement():
    text = "@decorated\ndef short():\n    return 1\n\n\ndef long():\n    a = 1\n\n    return a\n"
    assert functions_longer_than(3, text) == ["long"]
    assert functions_longer_than(4, text) == []


def test_functions_fit_on_a_screen():
    long = {f"{path}: {name}" for path, text in modules().items()
            for name in functions_longer_than(LINES_OF_A_FUNCTION, text)}  # fmt: skip
    assert long == set()


def test_modules_can_be_read_at_one_sitting():
    long = {path for path, text in modules().items() if len(text.splitlines()) > LINES_OF_A_MODULE}
    assert long == set()
