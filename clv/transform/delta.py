"""Changes the tables of staging and intermediate where rows arrived, instead of building them again.

The models' own SQL, as the last whole build compiled it, runs on temporary tables of the same names that hold only the
rows that can change. What differs from the real tables is written to them, in one transaction. So a table has one
definition, and equals that of a whole build if no row outside of the temporary tables can change:

- staging: rows of raw.order_lines decide about each other only within an order id and within a row key of a source.
  Everything that models read about a batch is in stg_batches; a batch is changed if its row there is new, gone or
  different. The temporary tables hold the rows of changed batches, before and after, and all rows that share an order
  id or a row key with them, directly or through other rows. The counts of batches in stg_replaced_lines only ask
  whether there is another batch. They cannot change rows that share nothing with a changed batch, because a row is
  replaced only by a row of another batch. Rows that an erasure empties are taken like those of changed batches.
- other kinds: rows decide about each other only within a source.
- rates: all of them are there. A rate can change lines in its currency from its day on, which are added to the
  temporary tables like those of changed batches.
- intermediate: each table with customers is a function of the accepted lines and profiles of one person, that is of all
  ids that ops.person_keys gives this person's key. Staging keeps a list of the ids whose lines or profiles it changed,
  and clv.transform.persons adds those whose person changed. Other tables are compared whole.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import psycopg

from clv.catalog import tables
from clv.transform.temporary import Compiled, Layer, TooMuchError

LARGE = 50_000  # rows up to which rows are changed singly even if most of the table changes
LARGEST_SHARE = 0.2  # of all rows, above which a whole build is faster
KEY = ("batch_id", "line", "entry")  # of rows of raw.order_lines; other kinds have no entry
VERDICTS = ("stg_line_verdicts", "stg_spend_verdicts", "stg_kind_verdicts")
# Tables with a row or a few per batch. They are made whole.
OF_BATCHES = ("stg_batches", "stg_verdict_counts", "stg_batch_counts", "stg_rejections")
OF_CUSTOMERS = (tables.STG_ORDER_LINES, tables.STG_CUSTOMER_PROFILES)  # what intermediate is a function of
ROWS = f"select sum(rows_there) from {tables.STG_VERDICT_COUNTS}"  # noqa: S608 - our own name


def staging(connection: psycopg.Connection, compiled: Compiled, erased: Collection[int] = ()) -> dict[str, int]:
    """Brings staging up to raw in the connection's transaction, and adds to ops.touched_customers.

    erased: batches in which an erasure has emptied rows. Then only what these rows touch is changed: batches that
    arrived or were withdrawn wait for the next build.

    Returns the number of rows added per table. Raises TooMuchError if too much changed, NotByDeltaError if a data test
    failed.
    """
    kinds = f"select raw_table from {tables.KINDS} order by kind"  # noqa: S608 - our own name
    others = list(dict.fromkeys([tables.CHANNEL_SPEND, *(name for (name,) in connection.execute(kinds).fetchall())]))  # type: ignore[arg-type]
    layer = Layer(connection, compiled, [tables.ORDER_LINES, *others])
    if erased:
        _keep_batches(layer)
    else:
        layer.make("stg_batches")
    emptied = f"'{{{', '.join(map(str, erased))}}}'::bigint[]"
    _find_touched(layer, others, emptied)
    for relation in layer.read:
        key = KEY if relation == tables.ORDER_LINES else KEY[:2]
        layer.fill(relation, _touched(key, [f"_{name}" for name in key]))
    added = {}
    for name, table in layer.tables.items():
        if name not in OF_BATCHES:
            layer.make(name)
            added[name] = layer.write(name, _touched(table.key, table.key))
    _count_verdicts(layer, emptied)
    layer.make("stg_batch_counts")
    layer.make("stg_rejections")
    for name in OF_BATCHES:
        added[name] = layer.write(name, "true")
    layer.test()
    changes = [f"delta_{which}_{name.partition('.')[2]}" for which in ("gone", "come") for name in OF_CUSTOMERS]
    changed = " union ".join(f"select customer_key from {change}" for change in changes)  # noqa: S608 - our own names
    layer.run(f"insert into {tables.TOUCHED_CUSTOMERS} {changed} on conflict do nothing")
    return added


def intermediate(connection: psycopg.Connection, compiled: Compiled) -> dict[str, int]:
    """Brings intermediate up to staging and to ops.person_keys in the connection's transaction, for the customers of
    ops.touched_customers, and empties that list.

    Returns the number of rows added per table. Raises TooMuchError if too much changed, NotByDeltaError if a data test
    failed.
    """
    layer = Layer(connection, compiled, OF_CUSTOMERS)
    layer.run(f"""
        create temporary table delta_customers (customer_key uuid primary key) on commit drop;
        with taken as (delete from {tables.TOUCHED_CUSTOMERS} returning customer_key)
        insert into delta_customers select customer_key from taken;
        -- The person of a touched id has lines of all its ids.
        insert into delta_customers
        select persons.customer_key from {tables.PERSON_KEYS} as persons
        inner join delta_customers as touched on persons.account_key = touched.customer_key
        on conflict do nothing;
        analyze delta_customers;
        create temporary table delta_accounts (customer_key uuid primary key) on commit drop;
        insert into delta_accounts
        select customer_key from delta_customers
        union
        select account_key from {tables.PERSON_KEYS} where customer_key in (select customer_key from delta_customers);
        analyze delta_accounts
    """)  # noqa: S608 - our own names
    inside = "customer_key in (select customer_key from delta_customers)"
    accounts = "customer_key in (select customer_key from delta_accounts)"
    _refuse_much(layer, layer.count(f"select count(*) from {tables.STG_ORDER_LINES} where {accounts}"))  # noqa: S608 - our own names
    for relation in OF_CUSTOMERS:
        layer.fill(relation, accounts)
    added = {}
    for name, table in layer.tables.items():
        if table.keeps_versions:
            added[name] = layer.write_versions(name, inside)
        else:
            layer.make(name)
            added[name] = layer.write(name, inside if "customer_key" in table.columns else "true")
    layer.test()
    return added


def _keep_batches(layer: Layer) -> None:
    """Makes the temporary stg_batches: the real one, with the present digests of files. An erasure changes files."""
    layer.fill(layer.tables["stg_batches"].relation, "true")
    layer.run(f"""
        update pg_temp.stg_batches as batches set content_sha256 = now.content_sha256
        from {tables.BATCHES} as now where batches.batch_id = now.batch_id
    """)  # noqa: S608 - our own names


def _find_touched(layer: Layer, others: list[str], emptied: str) -> None:
    """Makes delta_touched: the keys of the rows that can change. others: the raw tables of other kinds than orders.
    emptied: the batches in which an erasure has emptied rows, as an SQL array."""
    changed = "in (select batch_id from delta_changed)"
    rows = f"select _batch_id, _line, _entry, _source, _row_key, order_id from {tables.ORDER_LINES} where _batch_id"  # noqa: S608 - our own names
    # An erasure may also change rows that were erased before: a key that they shared with the person goes.
    received = f"({rows} {changed} union all {rows} = any({emptied}) and _rule = 'erased') as received"
    layer.run(f"""
        create temporary table delta_touched (
            batch_id bigint, line bigint, entry smallint, primary key (batch_id, line, entry)
        ) on commit drop;
        create temporary table delta_groups (hash bigint primary key) on commit drop;
        create temporary table delta_changed on commit drop as
        -- What the digest of a file decides is in other columns.
        with before as (select batch_id, source, to_jsonb(b) - 'content_sha256' from staging.stg_batches as b),
        now as (select batch_id, source, to_jsonb(b) - 'content_sha256' from pg_temp.stg_batches as b)
        select distinct batch_id, source
        from ((table now except table before) union all (table before except table now)) as changed;
        analyze delta_changed;
        insert into delta_touched
        select _batch_id, _line, _entry from {received}
        union
        select batch_id, line, entry from staging.stg_line_verdicts where batch_id {changed};
        insert into delta_groups
        select ops.group_hash('row', _source, _row_key) from {received}
        union
        select ops.group_hash('order', _source, order_id) from {received} where order_id is not null
    """)  # noqa: S608 - our own names
    if tables.RATES in others:
        _add_rated(layer, changed)
    _add_groups(layer)
    layer.run(f"""
        create temporary table delta_batches on commit drop as
        with sources as (
            select source from delta_changed
            union
            select source from staging.stg_batches where batch_id = any({emptied})
        )
        select batch_id from pg_temp.stg_batches where source in (select source from sources)
        union
        select batch_id from staging.stg_batches where source in (select source from sources)
    """)  # noqa: S608 - our own names
    of_others = [
        *(f"select _batch_id, _line, 0 from {relation} where _batch_id" for relation in others),  # noqa: S608 - our own names
        *(f"select batch_id, line, 0 from staging.{name} where batch_id" for name in VERDICTS[1:]),  # noqa: S608 - our own names
    ]
    for of_kind in of_others:
        layer.run(
            f"insert into delta_touched {of_kind} in (select batch_id from delta_batches) on conflict do nothing"  # noqa: S608 - our own names
        )
    _refuse_much(layer, layer.count("select count(*) from delta_touched"))
    layer.run("analyze delta_touched")


def _add_rated(layer: Layer, changed: str) -> None:
    """Adds to delta_touched all rates, and the lines that those of changed batches can convert."""
    layer.run(f"insert into delta_touched select _batch_id, _line, 0 from {tables.RATES} on conflict do nothing")  # noqa: S608 - our own names
    rates = f"from {tables.RATES} where _batch_id {changed}"
    if layer.count(f"select count(*) {rates}"):
        layer.run(f"""
            insert into delta_touched
            select _batch_id, _line, _entry from {tables.ORDER_LINES}
            where currency in (select upper(code) {rates})
                -- What is beside a sale has the rate of the sale's day.
                and (_entry > 0 or ordered_at >= (select min(day) {rates}))
            on conflict do nothing
        """)  # noqa: S608 - our own names


def _touched(key: Sequence[str], columns: Sequence[str]) -> str:
    """The SQL condition that a row can change, by the columns that hold its key."""
    return f"({', '.join(columns)}) in (select {', '.join(key)} from delta_touched)"  # noqa: S608 - our own names


def _add_groups(layer: Layer) -> None:
    """Adds to delta_touched what shares an order id or a row key with it, until there is nothing to add."""
    rows = "select batch_id, line, entry from staging.stg_line_verdicts inner join delta_groups on hash ="
    hashes = "staging.stg_line_verdicts inner join delta_touched using (batch_id, line, entry)"
    found = -1
    while found != (found := layer.count("select count(*) from delta_touched")):
        _refuse_much(layer, found)
        layer.run(f"""
            analyze delta_touched;
            insert into delta_groups
            select row_hash from {hashes} union select order_hash from {hashes} where order_hash is not null
            on conflict do nothing;
            analyze delta_groups;
            insert into delta_touched {rows} row_hash union {rows} order_hash
            on conflict do nothing
        """)  # noqa: S608 - our own names


def _refuse_much(layer: Layer, found: int) -> None:
    there = layer.count(ROWS)
    if found > max(LARGE, LARGEST_SHARE * there):
        raise TooMuchError(f"{found} of {there} rows can change")


def _count_verdicts(layer: Layer, emptied: str) -> None:
    """Makes the temporary stg_verdict_counts: the real one less the verdicts that are gone, plus those that came. A
    batch whose first or last accepted line is gone is read again for its times; so are those with erased rows, whose
    lines the erasure has deleted already."""
    table = layer.tables["stg_verdict_counts"]
    changes = " union all ".join(
        f"select batch_id, verdict, {one} from delta_{which}_{name}"  # noqa: S608 - our own names
        for name in VERDICTS
        for which, one in (("gone", -1), ("come", 1))
    )
    times = "select batch_id, min(ordered_at) as first_at, max(ordered_at) as last_at from"
    layer.run(f"""
        create temporary table stg_verdict_counts (like {table.relation}) on commit drop;
        insert into pg_temp.stg_verdict_counts (batch_id, verdict, rows_there, first_ordered_at, last_ordered_at)
        with gone as ({times} delta_gone_stg_order_lines group by batch_id),
        come as ({times} delta_come_stg_order_lines group by batch_id),
        again as (
            {times} {tables.STG_ORDER_LINES}
            where batch_id in (
                select batch_id from gone inner join {table.relation} using (batch_id)
                where first_at <= first_ordered_at or last_at >= last_ordered_at
                union all
                select unnest({emptied})
            )
            group by batch_id
        ),
        counted as (
            select batch_id, verdict, sum(rows_there)::bigint as rows_there
            from (select batch_id, verdict, rows_there from {table.relation} union all {changes}) as parts
            group by batch_id, verdict having sum(rows_there) <> 0
        )
        select
            counted.batch_id,
            counted.verdict,
            counted.rows_there,
            coalesce(again.first_at, least(old.first_ordered_at, come.first_at)),
            coalesce(again.last_at, greatest(old.last_ordered_at, come.last_at))
        from counted
        left join {table.relation} as old
            on counted.batch_id = old.batch_id and counted.verdict = old.verdict
        left join come on counted.verdict = 'accepted' and counted.batch_id = come.batch_id
        left join again on counted.verdict = 'accepted' and counted.batch_id = again.batch_id
    """)  # noqa: S608 - our own names


CHANGE = {"staging": staging, "intermediate": intermediate}
