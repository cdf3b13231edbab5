"""The declarations of published tables in the models' yml files, and errors in them."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from clv.catalog import dbt_project, published
from clv.catalog.published import Table
from clv.core.errors import ClvError

TABLE = """
models:
  - name: {name}
    description: >
      One row per shop.
    config: {{tags: {tags}, meta: {{{meta}}}}}
    constraints: [{{type: {constraint}, columns: [{key}]}}]
"""


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The models folder of an empty dbt project."""
    monkeypatch.setattr(dbt_project, "PROJECT", tmp_path)
    (tmp_path / "models" / "analytics" / "published").mkdir(parents=True)
    return tmp_path / "models" / "analytics"


def declare(models: Path, name: str = "shops", **changed: str) -> Path:
    declared = {
        "name": name,
        "meta": "published: true",
        "tags": "[]",
        "constraint": "primary_key",
        "key": "as_of_date, run_id, shop",
    }
    path = models / f"{name}.yml"
    path.write_text(TABLE.format(**declared | changed))
    return path


def test_tables_come_first_and_what_is_not_published_is_left_out(models: Path) -> None:
    flags = "published: true, history: true, may_be_empty: true"
    declare(models, "towns", meta=flags, key="as_of_date, run_id, town, shop", tags="['layer:features']")
    declare(models, "drafts", meta="published: false")
    (models / "published" / "all.yml").write_text(
        "models:\n"
        "- {name: a_view, description: A view., config: {meta: {published: true, personal: true, contact: true}}}\n"
        "- {name: other}\n"
        "sources: [{name: analytics, tables: [{name: publications, config: {meta: {published: true}}}, {name: raw}]}]"
    )
    towns = Table("towns", "One row per shop.", ("town", "shop"), history=True, may_be_empty=True, layer="features")
    assert list(published.everything().values()) == [
        towns,
        Table("a_view", "A view.", personal=True, contact=True, layer="setup"),
        Table("publications", ""),
    ]
    assert published.tables() == {"towns": towns}
    assert towns.views == ("towns", "towns_history")


def test_an_edited_file_is_read_again(models: Path) -> None:
    declare(models)
    assert not published.tables()["shops"].history
    path = declare(models, meta="published: true, history: true")
    os.utime(path, ns=(1, 1))
    assert published.tables()["shops"].history


@pytest.mark.parametrize(
    ("declared", "says"),
    [
        ({"meta": "published: true, histroy: true"}, r"shops\.yml: the meta of shops has histroy; known keys are"),
        (
            {"meta": "published: true, history: 2"},
            r"shops\.yml: history in the meta of shops is 2; write true or false",
        ),
        ({"constraint": "unique"}, r"shops\.yml: shops is published and has no primary key; give its yml"),
        ({"key": "shop"}, r"shops\.yml: the primary key of shops is shop; a published table's is as_of_date, run_id"),
    ],
)
def test_a_wrong_declaration_is_one_line_that_names_the_file(models: Path, declared: dict[str, str], says: str) -> None:
    declare(models, **declared)
    with pytest.raises(ClvError, match=says) as raised:
        published.everything()
    assert "\n" not in str(raised.value)


def test_a_file_that_is_no_yaml_is_named(models: Path) -> None:
    (models / "broken.yml").write_text("models: [")
    with pytest.raises(ClvError, match=r"broken\.yml cannot be read as YAML: "):
        published.everything()


def test_the_projects_own_lists_of_whom_to_write_to_are_of_customers() -> None:
    found = published.everything().values()
    assert {one.name for one in found if one.contact} >= {"contactable_customers", "win_back"}
    assert all(one.personal for one in found if one.contact)


def test_meta_stands_in_yml_alone_where_the_catalogue_reads_it() -> None:
    texts = {path: path.read_text() for path in dbt_project.PROJECT.glob("models/**/*.sql")}
    assert texts
    assert [path for path, text in texts.items() if re.search(r"\bconfig\([^)]*\bmeta\b", text)] == []
    assert "meta:" not in (dbt_project.PROJECT / "dbt_project.yml").read_text()
