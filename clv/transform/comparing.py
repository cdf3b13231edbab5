"""Compares staging and intermediate with what a whole build would make of raw."""

from __future__ import annotations

import psycopg

from clv.transform.temporary import Compiled, Layer


def differences(connection: psycopg.Connection, compiled: dict[str, Compiled]) -> dict[str, int]:
    """The number of rows by which each table differs from a whole build of it, for tables that differ.

    The whole build is made in temporary tables of the connection's transaction. Of versions, those that are open are
    compared, without the numbers of their states. compiled: by layer, staging first.
    """
    found = {}
    for one in compiled.values():
        layer = Layer(connection, one)
        read = layer.tables
        for name, table in read.items():
            columns, real = table.listed, table.relation
            if table.keeps_versions:
                layer.fill(table.relation, "false")
                columns = ", ".join(column for column in table.columns if column not in ("from_state", "until_state"))
                real = f"(select * from {table.relation} where until_state is null) as open_versions"  # noqa: S608 - our own names
                layer.make(name, into=f"whole_{name}")
                name = f"whole_{name}"
            else:
                layer.make(name)
            # As text, since 5.0 and 5.00 are stored differently although they are equal as numbers.
            rows, whole = (f"select ({columns})::text from {place}" for place in (real, f"pg_temp.{name}"))  # noqa: S608 - our own names
            different = layer.count(f"""
                select count(*) from (
                    (({rows}) except all ({whole})) union all (({whole}) except all ({rows}))
                ) as different
            """)  # noqa: S608 - our own names
            if different:
                found[table.relation.split(".", 1)[1].replace('"', "")] = different
    return found
