"""Where the project's files are, in a checkout and where its wheel is installed (docs/decisions/0122)."""

from __future__ import annotations

from pathlib import Path

CODE = Path(__file__).resolve().parents[2]  # the folder that our packages are imported from
# The folder of dags, dbt_project and sources. In a checkout it is the repository; a wheel has them within the package
# clv (see setup.py).
PROJECT = CODE if (CODE / "dbt_project" / "dbt_project.yml").is_file() else CODE / "clv" / "project"
