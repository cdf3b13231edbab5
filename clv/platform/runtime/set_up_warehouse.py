"""Part of `clv up`: the warehouse's tables."""

from __future__ import annotations

from clv.core import settings
from clv.platform.runtime import databases
from clv.sources.kinds import raw_tables
from clv.transform import dbt
from clv.warehouse import db


def run(home: settings.Settings) -> None:
    """Creates the warehouse's own tables and those that dbt maintains."""
    make_own(home)
    dbt.build("setup", {}, home)


def make_own(home: settings.Settings) -> None:
    """Creates the warehouse's own tables, which loading files needs, and opens it to its roles."""
    db.migrate(home.warehouse_url)
    raw_tables.make(home)
    with db.connect(home.warehouse_url) as connection:
        connection.execute("call ops.hand_over()")  # gives tables restored from a backup to their owners
    databases.claim_pseudonyms(home)
    databases.open_analytics(home)
