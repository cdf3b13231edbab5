"""Paths and tests that the documents name exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from clv.core.settings import PROJECT

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
    """pytest identifies a module by its file name alone, because the folders of tests are not packages."""
    names = [path.name for path in (PROJECT / "tests").rglob("test_*.py")]
    assert sorted(set(names)) == sorted(names)


LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")
RECORDS = sorted((PROJECT / "docs" / "decisions").glob("[0-9]*.md"))


@pytest.mark.parametrize(
    "document", [*PROJECT.glob("*.md"), *sorted((PROJECT / "docs").rglob("*.md"))],
    ids=lambda path: str(path.relative_to(PROJECT)),
)  # fmt: skip
def test_every_link_between_documents_leads_somewhere(document: Path):
    assert [link for link in LINK.findall(document.read_text()) if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("record", RECORDS, ids=lambda path: path.stem)
def test_every_decision_has_its_number_status_and_context(record: Path):
    text = record.read_text()
    assert text.startswith(f"# {record.name[:4]}: ")
    assert re.search(r"^Status: (accepted|superseded by \d{4}), \d{4}-\d\d-\d\d", text, re.MULTILINE)
    assert "**Context.**" in text
    assert re.search(r"\*\*Decision(\.|s)\*\*", text)


def test_no_document_holds_two_versions_of_itself():
    documents = [*DOCUMENTS, *PROJECT.glob("*.md")]
    marked = re.compile(r"^(<{7}|>{7}) ", re.MULTILINE)
    assert [path.name for path in documents if marked.search(path.read_text())] == []
