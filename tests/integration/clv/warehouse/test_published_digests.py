"""The digests of a run's published rows and of a model's training data."""

from __future__ import annotations

import hashlib
import itertools
from datetime import date

import pytest
import small_warehouse as small

from clv.catalog import tables
from clv.core import settings
from clv.warehouse import db, model_choice, publication
from clv.warehouse.roles import TRANSFORMER

DAY = date.fromisoformat(small.AS_OF)
PERMUTED_AMOUNTS = [*itertools.permutations(["10.00", "25.00", "20.00", "7.50"])]


@pytest.fixture
def shop(home: settings.Settings) -> settings.Settings:
    small.make_tables()
    small.make_views()
    return home


def test_equal_rows_have_equal_digests_whatever_their_run_and_order(shop: settings.Settings) -> None:
    first, second, other = small.ready_run(), small.ready_run(), small.ready_run(factor=2)
    for table, kept in (("customer_clv", "customer_key"), ("fct_orders", "order_key")):
        place = f"analytics_runs.{table}"
        smallest = f"(select min({kept}::text) from {place})"
        small.execute(  # PostgreSQL writes the updated row to the end of the table
            f"""with moved as (delete from {place} where run_id = '{second}' and {kept}::text = {smallest} returning *)
            insert into {place} select * from moved"""
        )
    assert publication.digest(DAY, first) == publication.digest(DAY, second)
    assert publication.digest(DAY, first) != publication.digest(DAY, other)
    small.execute("update analytics_runs.dim_customer set country = null where run_id = %s", (second,))
    assert publication.digest(DAY, first) != publication.digest(DAY, second)


def test_rows_that_exchange_their_values_have_another_digest(shop: settings.Settings) -> None:
    run_id, found = small.ready_run(), set()
    for amounts in PERMUTED_AMOUNTS:
        with db.connect() as connection:
            for (order, *_), amount in zip(small.ORDERS, amounts, strict=True):
                change = "update analytics_runs.fct_orders set net_revenue = %s where order_key = %s"
                assert connection.execute(change, (amount, f"orders:{order}")).rowcount == 1
            found.add(publication.digest(DAY, run_id, connection))
    assert len(found) == len(PERMUTED_AMOUNTS)


def test_days_that_exchange_their_revenue_are_other_training_data(shop: settings.Settings) -> None:
    found = set()
    for amounts in PERMUTED_AMOUNTS:
        with db.connect(shop.url_as(TRANSFORMER)) as connection:
            connection.execute(f"drop table if exists {tables.INT_CUSTOMER_DAYS}")
            connection.execute(
                f"""create table {tables.INT_CUSTOMER_DAYS} as select date '2011-01-01' + n::int as day, revenue
                from unnest(%s::numeric[]) with ordinality as amounts (revenue, n)""",
                (list(amounts),),
            )
        found.add(model_choice.data_digest(DAY, shop))
    assert len(found) == len(PERMUTED_AMOUNTS)


def test_the_digest_does_not_hang_on_the_session(shop: settings.Settings) -> None:
    run_id = small.ready_run()
    expected = publication.digest(DAY, run_id)
    with db.connect() as connection:
        connection.execute("set datestyle = 'German'; set extra_float_digits = -10; set timezone = 'Asia/Tokyo'")
        assert publication.digest(DAY, run_id, connection) == expected


def test_a_value_that_postgresql_cannot_hash_counts_by_its_text(shop: settings.Settings) -> None:
    first, second = small.ready_run(), small.ready_run()
    small.execute("alter table analytics_runs.dim_customer add column note json")
    small.execute("""update analytics_runs.dim_customer set note = '{"a": 1}'""")
    assert publication.digest(DAY, first) == publication.digest(DAY, second)
    small.execute("""update analytics_runs.dim_customer set note = '{"a": 2}' where run_id = %s""", (second,))
    assert publication.digest(DAY, first) != publication.digest(DAY, second)


def test_a_digest_of_an_earlier_version_is_compared_by_its_own_definition(shop: settings.Settings) -> None:
    run_id = small.ready_run()
    name = "segment_summary"
    columns = [column for column, *_ in db.rows(
        "select column_name from information_schema.columns where table_name = %s and table_schema = 'analytics_runs' "
        "and column_name <> 'run_id' order by column_name", (name,),
    )]  # fmt: skip
    text = f"(row({', '.join(columns)})::text)"
    sums = db.rows(
        f"""select count(*), sum(hashtextextended({text}, 1)::numeric), sum(hashtextextended({text}, 2)::numeric)
        from analytics_runs.{name} where run_id = %s""",
        (run_id,),
    )[0]
    old = hashlib.sha256(f"{name}({','.join(columns)}): {sums}".encode()).hexdigest()[:32]
    assert publication.digest(DAY, run_id, names=[name], like=old) == old
    new = publication.digest(DAY, run_id, names=[name])
    assert new.startswith("2-")
    assert publication.digest(DAY, run_id, names=[name], like=new) == new
