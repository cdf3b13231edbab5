"""What dbt is told by the environment: of which run it builds, and where the warehouse is.

dbt masks in its logs what is named DBT_ENV_SECRET_.
"""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager

from psycopg.conninfo import conninfo_to_dict

from clv.core import settings
from clv.core.places import PROJECT
from clv.warehouse import db, locks, roles

PREFIX = "CLV_DBT_"  # see dbt_project/macros/given.sql
PASSWORD = "DBT_ENV_SECRET_WAREHOUSE_PASSWORD"  # noqa: S105 - a variable's name


@contextmanager
def of_run(variables: dict, url: str) -> Iterator[None]:
    """Puts the run's variables and the warehouse's address into the environment for as long as dbt runs."""
    run = {
        f"{PREFIX}{name.upper()}": ",".join(value) if isinstance(value, list) else str(value)
        for name, value in {**variables, "caller": "clv"}.items()
    }
    before = dict(os.environ)
    for name in [name for name in before if name.startswith(PREFIX)]:  # of a shell that calls dbt by hand
        del os.environ[name]
    os.environ.update({**settings.QUIET, **_of_warehouse(url), **run})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def for_shell(home: settings.Settings) -> list[str]:
    """Lines for a shell in which dbt, called by itself, works on a home as the transformer.

    They name the file that holds the password, not the password. What dbt writes goes into the home.
    """
    project = PROJECT / "dbt_project"
    folder = home.home / "dbt" / "by-hand"
    values = {
        **settings.QUIET,
        **_of_warehouse(home.url_as(roles.TRANSFORMER)),
        "DBT_PROJECT_DIR": str(project),
        "DBT_PROFILES_DIR": str(project),
        "DBT_TARGET_PATH": str(folder),
        "DBT_LOG_PATH": str(folder),
        f"{PREFIX}SHOP": json.dumps(shop_variables(home)),
    }
    del values[PASSWORD]
    secret = shlex.quote(str(home.secrets / roles.secret(roles.TRANSFORMER)))
    return [
        *(f"export {name}={shlex.quote(value)}" for name, value in values.items()),
        f'export {PASSWORD}="$(cat {secret})"',
    ]


def shop_variables(home: settings.Settings) -> dict:
    """dbt's variables as the shop's settings have them."""
    return {
        "gross_margin": 1.0 if (margin := home.shop.gross_margin) is None else margin,
        "margin_is_set": margin is not None,
        "unknown_consent": home.shop.unknown_consent,
        "horizons": home.horizons,
        "windows": home.windows,
        "main_horizon": max(home.horizons),
        "discount_rate": home.shop.discount_rate,
    }


def _of_warehouse(url: str) -> dict[str, str]:
    """Where the warehouse is, and the key of the lock that publishing holds."""
    parts = conninfo_to_dict(url)
    address = {
        "DBT_WAREHOUSE_HOST": parts.pop("host", "127.0.0.1"),
        "DBT_WAREHOUSE_PORT": parts.pop("port", 5432),
        "DBT_WAREHOUSE_USER": parts.pop("user", "clv_owner"),
        PASSWORD: parts.pop("password", ""),
        "DBT_WAREHOUSE_DATABASE": parts.pop("dbname", "warehouse"),
    }
    # What else the URL says (sslmode and the like) goes to the driver in libpq's own variables.
    rest = {f"PG{name.upper()}": value for name, value in parts.items()}
    lock = {f"{PREFIX}PUBLISH_LOCK": db.lock_key(locks.PUBLISH)}
    return {name: str(value) for name, value in {**rest, **address, **lock}.items()}
