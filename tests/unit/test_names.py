"""Benchmarks and scripts, most of which no test runs, use only names that exist in the modules they import."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path
from types import ModuleType

import pytest

from clv.core.settings import PROJECT

PROGRAMS = [path for folder in ("benchmarks", "scripts") for path in sorted((PROJECT / folder).glob("*.py"))]


def missing(text: str, module: ModuleType) -> list[str]:
    """The attributes `name.attribute` in a module's text that do not exist, where `name` is a module it imports."""
    return [
        f"{node.value.id}.{node.attr}, line {node.lineno}"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and isinstance(imported := getattr(module, node.value.id, None), ModuleType)
        and not hasattr(imported, node.attr)
    ]


def test_an_attribute_that_does_not_exist_is_seen():
    module = ModuleType("made")
    text = "import ast\n\n\ndef f(name):\n    return ast.walk(name.x), ast.wlak(name)\n"
    exec(text, module.__dict__)  # noqa: S102 - our own text
    assert missing(text, module) == ["ast.wlak, line 5"]


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_program_uses_only_names_that_exist(path: Path):
    assert missing(path.read_text(), importlib.import_module(f"{path.parent.name}.{path.stem}")) == []
