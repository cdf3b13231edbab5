"""Retention: deletes personal data that is older than `retention_days` (shop.json) and that no forecast needs. Upkeep
does this daily.

Only the external scorecard reads addresses: once they are deleted, it finds customers by their ids alone.

Batches, order lines and reasons of rejection are kept, because later runs count them. The ids of customers are kept
too, because `clv erase` and `clv rotate-key` find customers by them.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from clv.catalog import tables
from clv.core.settings import Settings
from clv.decisions.exporting import files as exported
from clv.sources.kinds import raw_tables
from clv.sources.loading import copies
from clv.sources.loading.rejections import WITHOUT_VALUES
from clv.warehouse import db, locks


def run(home: Settings, before: date) -> dict[str, int]:
    """Deletes personal data that was loaded or exported before a day: copies of files, exported lists, texts of
    unreadable rows and the values quoted from them, and e-mail addresses and names of customers without rows since that
    day. Returns the number of each."""
    since = datetime.combine(before, time(), UTC)
    with db.connect(home.warehouse_url) as connection:
        received = raw_tables.with_customers(connection)
    rows = " union all ".join(f"select customer_key, _batch_id from {table}" for table in received)  # noqa: S608 - our own names
    statements = {
        "texts": f"""
            delete from {tables.UNREADABLE_TEXTS} as texts using {tables.BATCHES} as batches
            where texts.batch_id = batches.batch_id and loaded_at < %s
        """,  # noqa: S608 - our own names
        "reasons": f"""
            update {tables.UNREADABLE_ROWS} set reason = {WITHOUT_VALUES}, raw_text = null
            where loaded_at < %s and (reason <> {WITHOUT_VALUES} or raw_text is not null)
        """,  # noqa: S608 - our own names
        "addresses": f"""
            update {tables.CUSTOMERS} as customers set email = null, name = null
            where loaded_at < %s and num_nonnulls(email, name) > 0 and not exists (
                select from ({rows}) as rows inner join {tables.BATCHES} on _batch_id = batch_id
                where rows.customer_key = customers.customer_key and batches.loaded_at >= %s
            )
        """,  # noqa: S608 - our own names
    }
    removed = {}
    with db.lock(locks.CUSTOMERS, home.warehouse_url), db.connect(home.warehouse_url) as connection:
        for name, statement in statements.items():
            given = (since,) * statement.count("%s")
            removed[name] = connection.execute(statement, given).rowcount  # type: ignore[arg-type]
        removed["copies"] = copies.remove(home, since)
        removed["exports"] = exported.remove_older(home, since)
    return removed
