"""Temporary tables on which the compiled SQL of a layer's models runs, and from which the real tables are changed.

They have the names of the real ones, in the schema pg_temp, and live until the transaction ends. Names of relations in
the SQL here are our own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import psycopg

COARSE = "set local default_statistics_target = 10"  # enough for temporary tables
# The rows of a day lie scattered in large tables and are found by index.
SETTINGS = f"{COARSE}; set local random_page_cost = 1.1; set local work_mem = '128MB'"
MUCH = 0.1  # growth of a table, as a share of its rows, after which its statistics are taken again


class NotByDeltaError(Exception):
    """The tables have to be built whole, for the reason that the exception gives."""


class TooMuchError(NotByDeltaError):
    """So much can change that a whole build is faster."""


@dataclass(frozen=True)
class Compiled:
    """The compiled SQL of a layer's models, in an order in which they can be built, and of its data tests.

    models: by relation, as dbt writes it: "database"."schema"."name". tests: by name.
    """

    models: dict[str, str]
    tests: dict[str, str]


@dataclass(frozen=True)
class Table:
    """A table that dbt built. Its temporary counterpart is `pg_temp.name`."""

    relation: str
    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]

    @property
    def listed(self) -> str:
        """The columns, separated by commas."""
        return ", ".join(self.columns)

    @property
    def keeps_versions(self) -> bool:
        """Whether the model compares its rows with its own open versions, and returns those to open or to close."""
        return "until_state" in self.columns

    def same_key(self, one: str, other: str) -> str:
        """The SQL condition that the rows of two aliases have the same key."""
        return " and ".join(f"{one}.{column} = {other}.{column}" for column in self.key)


@dataclass(frozen=True)
class Layer:
    """A layer's models in one transaction. read: other tables, as schema.name, that are temporary too."""

    connection: psycopg.Connection
    compiled: Compiled
    read: Iterable[str] = ()

    @cached_property
    def tables(self) -> dict[str, Table]:
        """The layer's tables by name, in an order in which they can be built. Raises NotByDeltaError if one is
        missing."""
        query = """
            select
                (select array_agg(attname::text order by attnum) from pg_attribute
                    where attrelid = indrelid and attnum > 0 and not attisdropped),
                (select array_agg(attname::text order by array_position(indkey::smallint[], attnum))
                    from pg_attribute where attrelid = indrelid and attnum = any(indkey::smallint[]))
            from pg_index
            where indrelid = to_regclass(%s) and indisunique and indpred is null
            order by indisprimary desc
            limit 1
        """
        found = {}
        for relation in self.compiled.models:
            row = self.connection.execute(query, (relation,)).fetchone()
            if row is None:
                raise NotByDeltaError(f"{relation} is missing or has no key")
            name = relation.rpartition(".")[2].strip('"')
            found[name] = Table(relation, name, tuple(row[0]), tuple(row[1]))
        return found

    @cached_property
    def _temporary_names(self) -> dict[str, str]:
        """What to replace in compiled SQL so that it reads temporary tables."""
        database = next(iter(self.compiled.models)).partition(".")[0]
        names = {table.relation: f"pg_temp.{table.name}" for table in self.tables.values()}
        for relation in self.read:
            quoted, name = (f'"{part}"' for part in relation.split(".")), relation.rpartition(".")[2]
            names[".".join([database, *quoted])] = f"pg_temp.{name}"
            # The macros of kinds name a kind's table as raw.kinds has it.
            for clause in ("from", "join"):
                names[f"{clause} {relation} as"] = f"{clause} pg_temp.{name} as"
        return names

    def _on_temporary(self, compiled: str) -> str:
        for relation, temporary in self._temporary_names.items():
            compiled = compiled.replace(relation, temporary)
        return compiled

    def run(self, statements: str) -> None:
        """Runs statements, separated by semicolons."""
        self.connection.execute(statements)  # type: ignore[arg-type]

    def count(self, query: str) -> int:
        """The number that a query returns; 0 if it returns null."""
        row = self.connection.execute(query).fetchone()  # type: ignore[arg-type]
        return int(row[0] or 0) if row else 0

    def fill(self, relation: str, inside: str) -> None:
        """Makes the temporary table of a table, with its rows for which the SQL condition `inside` is true."""
        name = relation.rpartition(".")[2].strip('"')
        self.run(f"""
            create temporary table {name} (like {relation}) on commit drop;
            insert into pg_temp.{name} select * from {relation} where {inside};
            analyze pg_temp.{name}
        """)  # noqa: S608

    def make(self, name: str, into: str | None = None) -> None:
        """Makes a model's temporary table, or the one named `into`, by the model's own SQL."""
        table, into = self.tables[name], into or name
        self.run(f"""
            create temporary table {into} (like {table.relation}) on commit drop;
            insert into pg_temp.{into} ({table.listed})
            select {table.listed} from ({self._on_temporary(self.compiled.models[table.relation])}
            ) as made;
            analyze pg_temp.{into}
        """)  # noqa: S608

    def write(self, name: str, inside: str) -> int:
        """Makes the rows of a table that are inside equal to those of its temporary table. Returns how many it added.

        The temporary tables delta_gone_NAME and delta_come_NAME keep the difference. Rows are compared by their stored
        form (*=): 5.0 equals 5.00 as a number, but a whole build would store the new one.
        """
        table = self.tables[name]
        gone, come, relation = f"delta_gone_{name}", f"delta_come_{name}", table.relation
        there = f"delta_old_{name}"
        same = f"{table.same_key('new', 'old')} and new *= old"
        self.run(f"""
            create temporary table {there} on commit drop as select * from {relation} where {inside};
            analyze {there};
            create temporary table {gone} on commit drop as
            select old.* from {there} as old where not exists (select from pg_temp.{name} as new where {same});
            create temporary table {come} on commit drop as
            select new.* from pg_temp.{name} as new where not exists (select from {there} as old where {same});
            analyze {gone};
            analyze {come};
            delete from {relation} as old using {gone} as gone where {table.same_key("gone", "old")};
            insert into {relation} ({table.listed}) select {table.listed} from {come}
        """)  # noqa: S608
        return self._added(come, relation)

    def write_versions(self, name: str, inside: str) -> int:
        """Opens and closes versions of rows that are inside. Returns how many it wrote."""
        table, made = self.tables[name], f"delta_made_{name}"
        if table.relation not in self.compiled.models[table.relation]:
            raise NotByDeltaError(f"the SQL of {name} was compiled for a table that was not there yet")
        self.fill(table.relation, f"{inside} and until_state is null")
        self.make(name, into=made)
        self.run(f"""
            delete from {table.relation} as old using {made} as made where {table.same_key("made", "old")};
            insert into {table.relation} ({table.listed}) select {table.listed} from {made};
            truncate pg_temp.{name};
            insert into pg_temp.{name} select * from {table.relation} where {inside}
        """)  # noqa: S608
        return self._added(made, table.relation)

    def _added(self, rows: str, relation: str) -> int:
        """The number of rows added to a table. If they are many, its statistics are taken: a plan made for a small
        table can be slow on a large one."""
        added = self.count(f"select count(*) from {rows}")  # noqa: S608
        there = self.count(f"select greatest(reltuples, 0) from pg_class where oid = '{relation}'::regclass")  # noqa: S608
        if added > MUCH * there:
            self.run(f"""
                set local default_statistics_target to default;
                analyze {relation};
                {COARSE}
            """)
        return added

    def test(self) -> None:
        """Runs the data tests on the temporary tables. Raises NotByDeltaError if one fails; the whole build then says
        what is wrong."""
        for name, query in self.compiled.tests.items():
            if self.count(f"select count(*) from ({self._on_temporary(query)}\n) as failed"):  # noqa: S608
                raise NotByDeltaError(f"the test {name} failed")
