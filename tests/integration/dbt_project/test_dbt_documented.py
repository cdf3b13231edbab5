"""A build that would leave a column undocumented, or document one that is not there, stops."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from clv.core import settings
from clv.core.errors import ClvError
from clv.transform import dbt

REASONS = "description: Model that made the forecast.\n"
VIEW = "published/published_data_quality.yml"


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
    ],
    ids=["undocumented", "phantom", "both, of a view"],
)
def test_the_build_stops(
    home: settings.Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    file: str,
    change: tuple[str, str],
    says: str,
):
    project = shutil.copytree(dbt.PROJECT, tmp_path / "dbt_project")
    described = project / "models" / "analytics" / file
    text = described.read_text()
    assert text.count(change[0]) == 1
    described.write_text(text.replace(*change))
    monkeypatch.setattr(dbt, "PROJECT", project)
    with pytest.raises(ClvError, match=says):
        dbt.build("setup", {}, home)
