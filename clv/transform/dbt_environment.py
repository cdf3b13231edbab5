"""What dbt is told by the environment: of which run it builds, and where the warehouse is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from psycopg.conninfo import conninfo_to_dict

from clv.core import settings
from clv.warehouse import db, locks


@contextmanager
def of_run(variables: dict, url: str) -> Iterator[None]:
    """Puts the run's variables and the warehouse's address into the environment for as long as dbt runs.

    dbt masks in its logs what is named DBT_ENV_SECRET_.
    """
    parts = conninfo_to_dict(url)
    address = {
        "DBT_WAREHOUSE_HOST": parts.pop("host", "127.0.0.1"),
        "DBT_WAREHOUSE_PORT": parts.pop("port", 5432),
        "DBT_WAREHOUSE_USER": parts.pop("user", "clv_owner"),
        "DBT_ENV_SECRET_WAREHOUSE_PASSWORD": parts.pop("password", ""),
        "DBT_WAREHOUSE_DATABASE": parts.pop("dbname", "warehouse"),
    }
    # What else the URL says (sslmode and the like) goes to the driver in libpq's own variables.
    rest = {f"PG{name.upper()}": value for name, value in parts.items()}
    run = {
        f"CLV_DBT_{name.upper()}": ",".join(value) if isinstance(value, list) else value
        for name, value in variables.items()
    }
    run["CLV_DBT_PUBLISH_LOCK"] = db.lock_key(locks.PUBLISH)
    before = dict(os.environ)
    os.environ.update({name: str(value) for name, value in {**settings.QUIET, **rest, **address, **run}.items()})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
