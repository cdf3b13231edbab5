"""A build that would leave a column undocumented, or document one that is not there, stops."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from clv import dbt, settings
from clv.errors import ClvError

REASONS = "description: Model that made the forecast.\n"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("        " + REASONS, ""), "column model_version of customer_clv has no description"),
        (
            (REASONS, REASONS + "      - {name: mood, data_type: text, description: Nobody knows.}\n"),
            "mood",
        ),
    ],
    ids=["undocumented", "phantom"],
)
def test_the_build_stops(
    home: settings.Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: tuple[str, str], says: str
):
    project = shutil.copytree(dbt.PROJECT, tmp_path / "dbt_project")
    described = project / "models" / "analytics" / "customer_clv.yml"
    text = described.read_text()
    assert text.count(change[0]) == 1
    described.write_text(text.replace(*change))
    monkeypatch.setattr(dbt, "PROJECT", project)
    with pytest.raises(ClvError, match=says):
        dbt.build("setup", {}, home)
