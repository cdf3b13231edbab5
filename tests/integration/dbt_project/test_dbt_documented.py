"""A build stops if a column is not described or does not exist, or if a published table is declared incompletely."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from clv.catalog import dbt_project
from clv.core import settings
from clv.core.errors import ClvError
from clv.transform import dbt

REASONS = "description: Model that made the forecast.\n"
PRIMARY_KEY = "    constraints:\n      - type: primary_key\n        columns: [as_of_date, run_id, segment]\n"
VIEW = "published/data_quality.yml"


@pytest.mark.parametrize(
    ("file", "change", "says"),
    [
        ("customer_clv.yml", ("        " + REASONS, ""), "column model_version of customer_clv has no description"),
        (
            "customer_clv.yml",
            (REASONS, REASONS + "      - {name: mood, data_type: text, description: Nobody knows.}\n"),
            "mood",
        ),
        (VIEW, ("name: explanation", "name: mood"), "data_quality.* differ: explanation, mood"),
        (
            "customer_clv.yml",
            ("'layer:analytics'", "'layer:marts'"),
            "customer_clv has to be of one layer; give it one",
        ),
        (
            "customer_clv.yml",
            (", personal: true", ""),
            "customer_clv is published and has a customer_key; say personal",
        ),
        (
            "segment_summary.yml",
            ("history: true", "personal: true"),
            "segment_summary is personal and has no customer_key, by which",
        ),
        (
            "segment_summary.yml",
            (PRIMARY_KEY, ""),
            "segment_summary is published and has no primary key; give its yml",
        ),
    ],
    ids=["undocumented", "phantom", "both, of a view", "of no layer", "unsaid persons", "no persons", "no key"],
)
def test_the_build_stops(
    home: settings.Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    file: str,
    change: tuple[str, str],
    says: str,
):
    project = shutil.copytree(dbt_project.PROJECT, tmp_path / "dbt_project")
    described = project / "models" / "analytics" / file
    text = described.read_text()
    assert text.count(change[0]) == 1
    described.write_text(text.replace(*change))
    monkeypatch.setattr(dbt_project, "PROJECT", project)
    with pytest.raises(ClvError, match=says):
        dbt.build("setup", {}, home)
