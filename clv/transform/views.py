"""Drops the views of tables that are not declared as published any more."""

from __future__ import annotations

import psycopg
from psycopg import sql

from clv.catalog import published, tables
from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.warehouse import db
from clv.warehouse.roles import TRANSFORMER

# Views that dbt made of a table: they are dbt's, have the table's name, and read it. Others were made by somebody else.
_MADE = """
    select distinct shown.relname
    from pg_class as shown
    inner join pg_rewrite on shown.oid = pg_rewrite.ev_class
    inner join pg_depend on pg_rewrite.oid = pg_depend.objid and pg_depend.classid = 'pg_rewrite'::regclass
    inner join pg_class as built on pg_depend.refobjid = built.oid
    where shown.relkind = 'v' and shown.relnamespace = 'analytics'::regnamespace
        and built.relnamespace = to_regnamespace(%s)
        and shown.relowner = (select oid from pg_roles where rolname = current_user)
        and shown.relname in (built.relname, built.relname || '_history')
    order by shown.relname
"""


def drop_undeclared(settings: Settings) -> None:
    """Drops the views of tables whose model was removed, or that are declared without the view. Raises ClvError if
    something depends on such a view."""
    declared = {view for table in published.everything().values() for view in table.views}
    with db.connect(settings.url_as(TRANSFORMER)) as connection:
        made = [name for (name,) in connection.execute(_MADE, (tables.ANALYTICS_RUNS,)).fetchall()]
        for name in made:
            if name in declared:
                continue
            try:
                connection.execute(sql.SQL("drop view {}").format(sql.Identifier("analytics", name)))
            except psycopg.errors.DependentObjectsStillExist as error:
                depends = (error.diag.message_detail or "").replace("\n", ", ")
                raise ClvError(
                    f"the view analytics.{name} is not declared any more and cannot be dropped ({depends}); drop what "
                    "depends on it, then `clv up`"
                ) from None
