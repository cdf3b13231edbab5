"""Each setting is declared once; its allowed values, remedy and documentation follow from the declaration."""

from __future__ import annotations

import ast
import importlib.util
import json
import re

import jsonschema
import pytest
from pydantic import BaseModel

from clv.core import options
from clv.core.errors import ClvError
from clv.core.settings import PROJECT

FOLDERS = ("clv", "spark_jobs", "expectations", "dags", "sample_shop", "docker")
DECLARED = [(section, name) for section in (*options.OF_ENVIRONMENT, options.Shop) for name in section.model_fields]


@pytest.fixture(scope="module")
def settings_docs():
    spec = importlib.util.spec_from_file_location("settings_docs", PROJECT / "scripts" / "settings_docs.py")
    module = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]
    spec.loader.exec_module(module)  # type: ignore[union-attr]
    return module


@pytest.mark.parametrize(("section", "name"), DECLARED, ids=lambda value: getattr(value, "__name__", value))
def test_a_setting_says_what_it_does_and_may_be_and_takes_its_own_example(section: type[BaseModel], name: str):
    field = section.model_fields[name]
    assert field.description
    assert options.words(section, name)
    (example,) = field.examples or []
    made = section.model_validate({field.alias or name: example})
    assert str(getattr(made, name)) == str(example)


def test_what_is_not_set_is_the_default(monkeypatch, tmp_path):
    for name in options.variables():
        monkeypatch.setenv(name, "")
    assert options.from_environment(options.Spark) == options.Spark.model_construct()
    assert options.from_environment(options.Environment).warehouse_url is None
    assert options.from_file(tmp_path / "shop.json") == options.Shop()
    assert options.set_variables() == {}


def test_folders_are_handed_on_whole_to_processes_that_run_elsewhere(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CLV_STEPS", "steps:/srv/steps")
    monkeypatch.setenv("CLV_FORECASTERS", "mine")
    found = options.set_variables()
    assert found["CLV_STEPS"] == f"{tmp_path}/steps:/srv/steps"
    assert found["CLV_FORECASTERS"] == f"{tmp_path}/mine"


def test_a_mistake_in_a_variable_is_named_with_the_line_that_corrects_it(monkeypatch):
    monkeypatch.setenv("SPARK_DRIVER_MEMORY", "lots")
    expected = '^SPARK_DRIVER_MEMORY is an amount of memory, not "lots"; export SPARK_DRIVER_MEMORY=2g$'
    with pytest.raises(ClvError, match=expected):
        options.from_environment(options.Spark)
    assert options.from_environment(options.Environment)  # a mistake in Spark's variables stops only what reads them
    monkeypatch.setenv("SPARK_DRIVER_MEMORY", "2g")
    assert options.from_environment(options.Spark).driver_memory == "2g"


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ('{"gross_margin": NaN}', {"gross_margin": 0.4}),
        ('{"gross_margin": true}', {"gross_margin": 0.4}),
        ('{"discount_rate": 10}', {"discount_rate": 0.1}),
        ('{"return_cost": Infinity}', {"return_cost": 3.5}),
        ('{"horizons": [90.0]}', {"horizons": [90, 365]}),
        ('{"horizons": [6]}', {"horizons": [90, 365]}),
        ('{"horizons": []}', {"horizons": [90, 365]}),
        ('{"horizons": 90}', {"horizons": [90, 365]}),
        ('{"contestants": "automatic"}', {"contestants": ["perennial", "trailing_year"]}),
        ('{"contestants": []}', {"contestants": ["perennial", "trailing_year"]}),
        ('{"minimum_days": null}', {"minimum_days": 180}),
        ('{"currency": "GBP\\n"}', {"currency": "GBP"}),
        ('{"retention_days": 0}', {"retention_days": 365}),
        ('{"daily_history_days": 30}', {"daily_history_days": 90}),
        ('{"daily_history_days": "90"}', {"daily_history_days": 90}),
        ('{"daily_history_days": true}', {"daily_history_days": 90}),
        ('{"time_zone": "berlin"}', {"time_zone": "Europe/Berlin"}),
    ],
)
def test_the_remedy_of_a_mistake_in_shop_json_is_accepted_when_pasted(tmp_path, text, remedy):
    place = tmp_path / "shop.json"
    place.write_text(text)
    with pytest.raises(ClvError, match=re.escape(f"{place}: ")) as caught:
        options.from_file(place)
    pasted = str(caught.value).partition("; write it as in ")[2]
    assert json.loads(pasted) == remedy
    place.write_text(pasted)
    assert options.from_file(place) == options.Shop(**remedy)


def test_a_file_that_cannot_be_read_is_one_line(tmp_path):
    (tmp_path / "shop.json").mkdir()
    with pytest.raises(ClvError, match=r"shop\.json cannot be read \(Is a directory\)"):
        options.from_file(tmp_path / "shop.json")
    (tmp_path / "latin.json").write_bytes(b'{"currency": "\xa3"}')
    with pytest.raises(ClvError, match=r"latin\.json is not JSON"):
        options.from_file(tmp_path / "latin.json")


def test_a_number_stays_as_it_is_written(tmp_path):
    (tmp_path / "shop.json").write_text('{"tune_minutes": 20, "discount_rate": 0, "gross_margin": 1}')
    found = options.from_file(tmp_path / "shop.json")
    assert (
        repr((found.tune_minutes, found.discount_rate, found.gross_margin)) == "(20, 0, 1)"
    )  # both texts are parts of digests


def test_a_setting_may_be_taken_back_with_null_and_the_schema_be_named(tmp_path):
    (tmp_path / "shop.json").write_text('{"$schema": "docs/shop.schema.json", "gross_margin": null}')
    assert options.from_file(tmp_path / "shop.json") == options.Shop()


def test_the_documentation_of_the_settings_is_the_declarations(settings_docs):
    page = (PROJECT / "docs" / "operating.md").read_text()
    assert page == settings_docs.operating(page), "write it anew: .venv/bin/python scripts/settings_docs.py"
    kept = (PROJECT / "docs" / "shop.schema.json").read_text()
    assert kept == settings_docs.schema(), "write it anew: .venv/bin/python scripts/settings_docs.py"
    assert all(f"| `{name}` |" in page for name in (*options.variables(), *options.Shop.model_fields))


def test_an_editor_sees_the_mistakes_that_a_run_would(settings_docs):
    schema = jsonschema.Draft202012Validator(json.loads(settings_docs.schema()))
    assert schema.is_valid({"$schema": "shop.schema.json", "gross_margin": 0.4, "horizons": [90, 365]})
    for wrong in ({"margin": 1}, {"gross_margin": 4}, {"blend": "mean"}, {"horizons": []}, {"currency": "pounds"}):
        assert not schema.is_valid(wrong)


def read_variables(text: str) -> set[str]:
    """The names of the environment variables that a module reads."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
            of, name = node.value, node.slice
        elif isinstance(node, ast.Call) and node.args:
            of, name = node.func, node.args[0]
        else:
            continue
        if re.search(r"\b(os\.environ(\.get)?|(os\.)?getenv)$", ast.unparse(of)) and isinstance(name, ast.Constant):
            found.add(str(name.value))
    return found


def test_a_variable_that_is_read_is_seen():
    text = "import os\nos.environ['A'], os.environ.get('B') or os.getenv('C', '')\nos.environ['D'] = '1'"
    assert read_variables(text) == {"A", "B", "C"}


def test_settings_are_read_from_the_environment_in_one_place():
    declared = set(options.variables())
    for folder in FOLDERS:
        for path in (PROJECT / folder).rglob("*.py"):
            assert not read_variables(path.read_text()) & declared, path
            ours = {name for name in read_variables(path.read_text()) if name.startswith("CLV_")}
            assert {name.removesuffix("_FILE") for name in ours} <= declared, path
