"""Names and prose use the terms of docs/glossary.md, and no words that have a meaning of their own in this project."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from clv.core.settings import PROJECT

FOLDERS = ("spark_jobs", "expectations", "dags", "sample_shop", "scripts", "benchmarks", "dbt_project", "docs", "tests")
ROOMS = (
    *sorted(f"clv/{path.name}" for path in (PROJECT / "clv").iterdir() if (path / "__init__.py").is_file()),
    *FOLDERS,
)
NAMES = {  # a word of a name, and the term to use
    "anew": "again",
    "asked": "requested, or what it is: arguments, horizons",
    "believed": "weight or confidence",
    "came": "actual",
    "dearer": "higher_value",
    "doubt": "warning",
    "doubts": "warnings",
    "dust": "tolerance",
    "forgiven": "tolerance",
    "habits": "seasonality",
    "heldback": "holdout",
    "honest": "calibrated",
    "mend": "remedy",
    "mended": "corrected or fixed",
    "mends": "remedies",
    "moves": "drivers or transitions",
    "patience": "timeout",
    "rival": "baseline",
    "rivals": "baselines",
    "said": "prediction or message",
    "tell": "report",
    "tenths": "deciles",
    "told": "message",
    "unsaid": "default",
}
PHRASES = {  # a pattern of comments, docstrings and documents, and the term to use
    r"anew": "again",
    r"dearer": "of a higher price or value",
    r"(?:held|holds?|holding)[- ]back": "holdout, or kept out of learning",
    r"mend(?:s|ed|ing)?": "correct, or remedy",
    r"rivals?": "baseline",
    r"(?<!_)set aside": "rejected",
    r"tenths": "deciles",
    r"told apart": "distinguished",
    r"what (?:came|was said)": "the actual outcome, or the prediction",
    r"whoever": "the customer who, or another subject",
}
WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
SQL_COMMENT = re.compile(r"\{#.*?#\}|--[^\n]*", re.DOTALL)


def words(name: str) -> set[str]:
    """The words of a name, in lower case. "held_back" counts as one word."""
    found = [word.lower() for word in WORD.findall(name)]
    return {*found, *("heldback" for pair in zip(found, found[1:], strict=False) if pair == ("held", "back"))}


def names(text: str) -> Iterator[tuple[int, str]]:
    """The names that a module defines, each with its line: functions, classes, arguments, variables, attributes."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.attr


def prose(path: Path) -> Iterator[tuple[int, str]]:
    """The texts of a file that people read, each with its line: comments, docstrings, and all of a document."""
    text = path.read_text(encoding="utf-8")
    match path.suffix:
        case ".py":
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                    yield getattr(node, "lineno", 1), ast.get_docstring(node) or ""
            for token in tokenize.generate_tokens(io.StringIO(text).readline):
                if token.type == tokenize.COMMENT:
                    yield token.start[0], token.string
        case ".sql":
            for comment in SQL_COMMENT.finditer(text):
                yield text[: comment.start()].count("\n") + 1, comment[0]
        case _:
            yield from enumerate(CODE.sub(lambda code: "\n" * code[0].count("\n"), text).split("\n"), 1)


def files(room: str, *suffixes: str) -> list[Path]:
    """The files of a room with one of these suffixes; modules directly in clv belong to no room."""
    return sorted(path for path in (PROJECT / room).rglob("*") if path.suffix in suffixes)


def advice(name: str) -> list[str]:
    return [f"{word}: use {NAMES[word]}" for word in sorted(words(name) & NAMES.keys())]


def corrections(text: str) -> list[str]:
    joined = " ".join(re.sub(r"\n\s*#?", " ", text).split())
    return [
        f"{found[0]}: use {term}"
        for phrase, term in PHRASES.items()
        if (found := re.search(rf"\b{phrase}\b", joined, re.IGNORECASE))
    ]


@pytest.mark.parametrize("room", ROOMS)
def test_names_in_code_are_terms_of_the_field(room: str):
    found = [
        f"{path.relative_to(PROJECT)}:{line} {name} ({'; '.join(advice(name))})"
        for path in files(room, ".py")
        for line, name in [(0, path.stem), *names(path.read_text(encoding="utf-8"))]
        if advice(name)
    ]
    assert found == []


@pytest.mark.parametrize("room", ROOMS)
def test_prose_uses_the_terms_of_the_field(room: str):
    read = files(room, ".py", ".sql", ".yml", ".md")
    assert read
    found = [
        f"{path.relative_to(PROJECT)}:{line} {correction}"
        for path in read
        for line, text in prose(path)
        for correction in corrections(text)
    ]
    assert found == []


def test_names_of_models_and_macros_are_terms_of_the_field():
    sql = files("dbt_project", ".sql")
    macros = [name for path in sql for name in re.findall(r"\bmacro\s+(\w+)", path.read_text(encoding="utf-8"))]
    assert macros
    assert [name for name in [*(path.stem for path in sql), *macros] if advice(name)] == []


def test_words_are_found_in_names_of_every_style():
    assert words("HeldBack") == {"held", "back", "heldback"}
    assert advice("RIVALS") == ["rivals: use baselines"]
    assert advice("_total_said") == ["said: use prediction or message"]
    assert advice("lasted") == advice("backheld") == []


def test_phrases_are_found_across_lines_and_not_in_code(tmp_path: Path):
    module = tmp_path / "module.py"
    module.write_text('"""Judged on what is held\n    back."""\nmend = "anew"  # a rival\n')
    assert [correction for _, text in prose(module) for correction in corrections(text)] == [
        "held back: use holdout, or kept out of learning",
        "rival: use baseline",
    ]
    page = tmp_path / "page.md"
    page.write_text("Rows in `set aside` wait.\n```\nmend\n```\nBuilt anew.\n")
    assert [(line, corrections(text)) for line, text in prose(page) if corrections(text)] == [(5, ["anew: use again"])]
    query = tmp_path / "query.sql"
    query.write_text("-- the tenths\nselect 'anew' {# whoever#}\n")
    assert [line for line, text in prose(query) if corrections(text)] == [1, 2]
