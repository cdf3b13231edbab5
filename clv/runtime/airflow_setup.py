"""Run as a program inside Airflow's environment: metadata tables and pools, in one process rather than three."""

from __future__ import annotations

import json
import sys


def main(pools: dict[str, str]) -> None:
    """Creates or upgrades Airflow's tables, and makes each pool (name → description) with one slot."""
    from airflow.models.pool import Pool
    from airflow.utils import db

    db.initdb()
    for name, description in pools.items():
        Pool.create_or_update_pool(name, slots=1, description=description, include_deferred=False)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
