"""Adds to the wheel what pyproject.toml cannot describe: the folders beside the packages, as clv/project/…, where
clv/core/places.py looks for them (decision 0122)."""

from setuptools import find_packages, setup

BESIDE = ("dags", "dbt_project", "sources")

setup(
    packages=[
        *find_packages(include=["clv*", "expectations*", "sample_shop*", "spark_jobs*"]),
        *(f"clv.project.{folder}" for folder in BESIDE),
    ],
    package_dir={f"clv.project.{folder}": folder for folder in BESIDE},
)
