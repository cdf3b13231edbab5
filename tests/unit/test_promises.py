"""What the documents say of the tests leads somewhere: each path named is there, and so is each test."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from clv.settings import PROJECT

DOCUMENTS = [PROJECT / "README.md", PROJECT / "Makefile", *sorted((PROJECT / "docs").rglob("*.md"))]
NAMED_PATH = re.compile(r"\btests/[\w/*.-]*\w")
NAMED_TEST = re.compile(r"`(test_\w+)`")
DEFINED = re.compile(r"^def (test_\w+)", re.MULTILINE)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(PROJECT)))
def test_every_path_that_a_document_names_is_there(document: Path):
    named = NAMED_PATH.findall(document.read_text())
    assert [path for path in named if not any(PROJECT.glob(path))] == []


def test_every_test_that_a_promise_names_is_there():
    named = set(NAMED_TEST.findall((PROJECT / "docs" / "promises.md").read_text()))
    defined = {name for path in (PROJECT / "tests").rglob("*.py") for name in DEFINED.findall(path.read_text())}
    assert len(named) > 10
    assert named - defined == set()


def test_no_two_test_modules_have_one_name():
    """Without packages in tests, pytest knows a module by its name alone."""
    names = [path.name for path in (PROJECT / "tests").rglob("test_*.py")]
    assert sorted(set(names)) == sorted(names)
