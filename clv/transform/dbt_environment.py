"""Environment variables that tell dbt which run it builds and where the warehouse is.

dbt masks the values of variables named DBT_ENV_SECRET_… in its logs.
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

PREFIX = "CLV_DBT_"  # dbt_project/macros/given.sql reads these variables
PASSWORD = "DBT_ENV_SECRET_WAREHOUSE_PASSWORD"  # noqa: S105 - a variable's name


@contextmanager
def of_run(variables: dict, url: str) -> Iterator[None]:
    """Sets the variables of a run and the warehouse's address in the environment while dbt runs."""
    run = {
        f"{PREFIX}{name.upper()}": ",".join(value) if isinstance(value, list) else str(value)
        for name, value in {**variables, "caller": "clv"}.items()
    }
    before = dict(os.environ)
    for name in [name for name in before if name.startswith(PREFIX)]:  # set by a shell that calls dbt by hand
        del os.environ[name]
    os.environ.update({**settings.QUIET, **_of_warehouse(url), **run})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def for_shell(home: settings.Settings) -> list[str]:
    """Shell commands that set the environment, so that dbt can be called by hand on a home, as the transformer.

    They name the file that holds the password, not the password. dbt writes its output into the home.
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
    """The shop's settings as dbt variables."""
    return {
        "gross_margin": 1.0 if (margin := home.shop.gross_margin) is None else margin,
        "margin_is_set": margin is not None,
        "unknown_consent": home.shop.unknown_consent,
        "horizons": home.horizons,
        "windows": home.windows,
        "main_horizon": max(home.horizons),
        "discount_rate": home.shop.discount_rate,
        "payment_fee_rate": home.shop.payment_fee_rate,
        "payment_fee_fixed": home.shop.payment_fee_fixed,
        "shipping_cost": home.shop.shipping_cost,
        "return_cost": home.shop.return_cost,
    }


def _of_warehouse(url: str) -> dict[str, str]:
    """The warehouse's address, and the key of the lock that is held while publishing."""
    parts = conninfo_to_dict(url)
    address = {
        "DBT_WAREHOUSE_HOST": parts.pop("host", "127.0.0.1"),
        "DBT_WAREHOUSE_PORT": parts.pop("port", 5432),
        "DBT_WAREHOUSE_USER": parts.pop("user", "clv_owner"),
        PASSWORD: parts.pop("password", ""),
        "DBT_WAREHOUSE_DATABASE": parts.pop("dbname", "warehouse"),
    }
    # The driver reads the other parameters of the URL, such as sslmode, from libpq's own variables.
    rest = {f"PG{name.upper()}": value for name, value in parts.items()}
    lock = {f"{PREFIX}PUBLISH_LOCK": db.lock_key(locks.PUBLISH)}
    return {name: str(value) for name, value in {**rest, **address, **lock}.items()}
