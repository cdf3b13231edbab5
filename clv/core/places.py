"""Where the project's own files are, in a checkout and where its wheel is installed (decision 0122)."""

from __future__ import annotations

from pathlib import Path

CODE = Path(__file__).resolve().parents[2]  # that our packages are imported from
# dags, dbt_project and sources: beside the packages in a checkout; the wheel carries them within clv (setup.py).
PROJECT = CODE if (CODE / "dbt_project" / "dbt_project.yml").is_file() else CODE / "clv" / "project"
