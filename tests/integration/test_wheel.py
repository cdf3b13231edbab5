"""The package as a wheel: it holds all that a run needs, and works where there is no checkout."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from clv.core.settings import PROJECT

PACKAGES = ("clv", "expectations", "sample_shop", "spark_jobs")
BESIDE = ("dags", "dbt_project", "sources")  # in the wheel under clv/project
REQUIREMENTS = ("runtime.in", "deep.in", "connectors.in")
MADE = {"__pycache__", "target", "logs", "sqlfluff_stand_ins"}  # no part of a run
LEFT_OUT = {".sqlfluffignore", ".user.yml"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, so that nothing of an earlier build is in it and nothing of this one stays in the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    copy = folder / "copy"
    for name in (*PACKAGES, *BESIDE):
        shutil.copytree(PROJECT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "requirements").mkdir()
    wanted = (f"requirements/{name}" for name in REQUIREMENTS)
    for name in ("pyproject.toml", "setup.py", "LICENSE", *wanted):
        shutil.copy(PROJECT / name, copy / name)
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", folder, copy],
        check=True, capture_output=True,
    )  # fmt: skip
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path) -> Path:
    """The wheel's files, in a folder of their own."""
    with zipfile.ZipFile(wheel) as file:
        file.extractall(wheel.parent / "installed")
    return wheel.parent / "installed"


def files(folder: Path) -> set[str]:
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and not MADE.intersection(path.parts) and path.name not in LEFT_OUT
    }


@pytest.mark.parametrize("name", [*PACKAGES, *BESIDE])
def test_the_wheel_holds_every_file_that_the_checkout_has(installed: Path, name: str) -> None:
    there = installed / ("clv/project" if name in BESIDE else "") / name
    found = {path for path in files(there) if not path.startswith("project/")} if name == "clv" else files(there)
    assert found == files(PROJECT / name)


def test_the_wheel_asks_for_what_a_run_needs(installed: Path) -> None:
    (metadata,) = installed.glob("perennial-*.dist-info/METADATA")
    required = re.findall(r"^Requires-Dist: ([\w-]+)", metadata.read_text(), re.MULTILINE)
    lines = [
        line
        for name in REQUIREMENTS
        for line in (PROJECT / "requirements" / name).read_text().splitlines()
        if not line.startswith("#")
    ]
    assert required == [re.match(r"[\w-]+", line)[0] for line in lines]  # type: ignore[index]
    assert re.findall(r"^Provides-Extra: (.*)", metadata.read_text(), re.MULTILINE) == ["deep", "connectors"]


def test_the_installed_command_finds_its_own_files(installed: Path, tmp_path: Path) -> None:
    script = """
import sys
from clv.core import places, settings
from clv.platform.runtime import airflow, set_up, stack
from clv.sources.kinds.mappings import SHIPPED
from clv.catalog import dbt_project
from clv.cli import main
found = [places.PROJECT, dbt_project.PROJECT, airflow.DAGS, SHIPPED]
assert all(path.is_dir() and path.is_relative_to(sys.argv[1]) for path in found), found
assert airflow.missing_dags and (airflow.DAGS / "clv_daily.py").exists()
assert len(set_up.digest(settings.located())) == 64
sys.argv = ["clv", "status"]
main()
"""
    environment = {"PYTHONPATH": str(installed), "CLV_HOME": str(tmp_path / "home"), "PATH": os.environ["PATH"]}
    done = subprocess.run(
        [sys.executable, "-P", "-c", script, str(installed)], cwd=tmp_path, env=environment, capture_output=True,
        text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 3, done.stderr  # nothing is up
    assert done.stdout.count(" down ") == 5
