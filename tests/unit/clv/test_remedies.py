"""Every command that a message or a help text names is one that the command line takes as it stands."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from clv import cli
from clv.core.settings import PROJECT

FOLDERS = ("clv", "expectations", "dags", "spark_jobs", "sample_shop")
# In backticks, or after a colon to the end of the text.
COMMAND = re.compile(r"`(?:CLV_HOME=\S+ )?clv ([^`]+)`|: (?:CLV_HOME=\S+ )?clv ([a-z-]+(?: .*)?)$")
TABLES = re.compile(r"select \* from (?:raw|ops|pii|quarantine)")
UsageError: type[Exception] = typer.BadParameter.__bases__[0]
APP = typer.main.get_command(cli.app)


def texts(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """The texts of a module with their lines, docstrings apart; what is filled in later stands as 1."""
    apart = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node) is not None:
            apart.add(id(node.body[0].value))  # type: ignore[attr-defined]
        if isinstance(node, ast.JoinedStr):
            apart.update(map(id, node.values))
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield node.lineno, "".join(str(one.value) if isinstance(one, ast.Constant) else "1" for one in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in apart:
            yield node.lineno, re.sub(r"\{\w+\}", "1", node.value)


def messages() -> Iterator[tuple[str, str]]:
    for folder in FOLDERS:
        for path in sorted((PROJECT / folder).rglob("*.py")):
            for line, text in texts(ast.parse(path.read_text())):
                yield f"{path.relative_to(PROJECT)}:{line}", text


def commands(text: str) -> list[str]:
    return [found[1] or found[2] for found in COMMAND.finditer(text)]


def parse(command: str) -> None:
    """Raises UsageError for a command line that the command would not take."""
    context = typer.Context(APP)
    name, found, rest = APP.resolve_command(context, shlex.split(command))  # type: ignore[attr-defined]
    assert found
    found.make_context(name, rest, parent=context)


NAMED = [(place, command) for place, text in messages() for command in commands(text)]


def test_the_messages_of_all_parts_are_found():
    assert {Path(place.split(":")[0]).parts[0] for place, _ in NAMED} >= {"clv", "expectations", "dags"}
    assert any(command.startswith("withdraw --batch 1 --reason ") for _, command in NAMED)
    assert len(NAMED) > 40


@pytest.mark.parametrize(("place", "command"), NAMED)
def test_a_command_in_a_message_works_when_pasted(place: str, command: str):
    try:
        parse(command)
    except UsageError as error:
        pytest.fail(f"{place} names `clv {command}`: {error}")


@pytest.mark.parametrize("command", ["withdraw --batch 1", "ingest", "fly", "run --as-off 1"])
def test_a_command_that_lacks_something_is_seen(command: str):
    with pytest.raises(UsageError):
        parse(command)


def test_no_message_names_a_table_that_its_reader_may_not_see():
    assert [place for place, text in messages() if "lists" in text and TABLES.search(text)] == []
