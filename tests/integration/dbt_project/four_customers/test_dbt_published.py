"""What analysts see once a run is published: rows, comments, data quality, matured forecasts, the backtest."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import dbt_calls
import psycopg
import pytest
from four_customers import AS_OF, RUN

from clv.catalog import tables
from clv.core import settings
from clv.evaluation import scorecard
from clv.transform import dbt
from clv.warehouse import db, model_choice


@pytest.fixture(autouse=True)
def undone(shop: dict) -> Iterator[None]:
    """Deletes afterwards what a test published, judged and measured, because the shop is shared."""
    yield
    with db.connect() as connection:
        for table in (tables.PUBLICATIONS, tables.GATE_RESULTS, tables.CLV_SCORECARD, tables.MODEL_BACKTEST):
            connection.execute(f"delete from {table}")


def test_published_rows_show_at_once_and_only_to_readers_of_analytics(shop: dict):
    views = ["customer_clv", "customer_clv_history", "fct_orders", "dim_customer", "segment_summary"]
    views += ["customer_reasons", "customer_segments_history", "fct_order_lines"]
    counts = "select " + ", ".join(f"(select count(*) from analytics.{view})" for view in views)
    with db.connect() as connection:
        connection.execute("set role clv_analyst")
        assert connection.execute(counts).fetchone() == (0, 0, 0, 0, 0, 0, 0, 0)  # type: ignore[arg-type]
        connection.execute("reset role")
        connection.execute(
            f"insert into {tables.PUBLICATIONS} (as_of_date, run_id, digest, rows_published)"
            " values (%s, %s, '', '{}')",
            (AS_OF, RUN),
        )
        connection.execute("set role clv_analyst")
        assert connection.execute(counts).fetchone() == (4, 4, 6, 4, 4, 18, 4, 8)  # type: ignore[arg-type]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("select from analytics_runs.customer_clv")
        connection.rollback()


def test_tables_of_optional_kinds_are_empty_without_them(shop: dict):
    empty = ("products", "payments", "shipments", "returns", "customer_profiles")
    found = [f"intermediate.int_{name}" for name in empty]
    found += [f"analytics_runs.{name}" for name in ("order_payments", "order_fulfilment", "product_value")]
    for name in (*found, "analytics_runs.customer_profiles"):
        assert db.rows(f"select count(*) from {name}") == [(0,)], name


def test_every_table_and_column_has_a_comment(shop: dict):
    query = """
        select relation.oid::regclass::text || coalesce('.' || attname, '')
        from pg_class as relation
        join pg_namespace as schema on schema.oid = relation.relnamespace
        cross join lateral (
            select 0 as attnum, null as attname
            union all
            select attnum, attname from pg_attribute where attrelid = relation.oid and attnum > 0 and not attisdropped
        ) as column_or_table
        where relkind in ('r', 'v')
            and nspname in ('staging', 'intermediate', 'features', 'analytics_runs', 'analytics')
            and col_description(relation.oid, attnum) is null and (attnum > 0 or obj_description(relation.oid) is null)
    """
    assert db.rows(query) == []


def test_setting_up_again_changes_nothing(shop: dict, module_home: settings.Settings):
    state = """
        select
            (select count(*) from staging.stg_order_lines),
            (select count(*) from features.customer_features),
            (select count(*) from analytics_runs.customer_clv),
            -- A view's rule is written anew with its definition.
            (
                select array_agg(pg_rewrite.xmin::text order by pg_rewrite.oid)
                from pg_rewrite join pg_class on pg_class.oid = ev_class
                where relnamespace = 'analytics'::regnamespace
            )
    """
    before = db.rows(state)
    dbt.build("setup", {}, module_home)
    assert db.rows(state) == before


def test_a_view_of_an_earlier_version_with_other_columns_is_created_again(shop: dict, module_home: settings.Settings):
    columns = """
        select array_agg(attname::text order by attnum) from pg_attribute
        where attrelid = 'analytics.rejected_rows'::regclass and attnum > 0
    """
    newest, held = db.rows(columns), as_analyst("select * from analytics.rejected_rows order by reason")
    with db.connect(module_home.url_as("transformer")) as connection:
        connection.execute("drop view analytics.rejected_rows")
        connection.execute(
            "create view analytics.rejected_rows as select 1 as batch_id, 'orders'::text as kind, 2 as old"
        )
    dbt.build("setup", {}, module_home)
    assert db.rows(columns) == newest
    assert as_analyst("select * from analytics.rejected_rows order by reason") == held


@pytest.mark.parametrize(("view", "new"), [("rejected_rows", "rejected_as"), ("clv_scorecard", "wape_of_median")])
def test_a_view_that_others_build_on_gets_a_new_column_in_place(
    shop: dict, module_home: settings.Settings, view: str, new: str
):
    columns = f"""
        select attname from pg_attribute where attrelid = 'analytics.{view}'::regclass and attnum > 0 order by attnum
    """
    newest = db.rows(columns)
    before = ", ".join(name for (name,) in newest if name != new)
    ((definition,),) = db.rows(f"select rtrim(pg_get_viewdef('analytics.{view}'::regclass), ';')")
    with db.connect(module_home.url_as("transformer")) as connection:
        connection.execute(f"drop view analytics.{view}")
        connection.execute(f"create view analytics.{view} as select {before} from ({definition}) as newest")  # type: ignore[arg-type]
    with db.connect() as connection:
        connection.execute(f"create view public.of_a_dashboard as select * from analytics.{view}")
    try:
        dbt.build("setup", {}, module_home)
        assert db.rows("select count(*) >= 0 from public.of_a_dashboard") == [(True,)]
        assert db.rows(columns) == newest
    finally:
        with db.connect() as connection:
            connection.execute("drop view public.of_a_dashboard")


def as_analyst(query: str) -> list[tuple]:
    with db.connect() as connection:
        connection.execute("set role clv_analyst")
        return connection.execute(query).fetchall()  # type: ignore[arg-type]


def publish(as_of: str, run_id: str) -> None:
    with db.connect() as connection:
        connection.execute(
            f"insert into {tables.PUBLICATIONS} (as_of_date, run_id, digest, rows_published)"
            " values (%s, %s, '', '{}')",
            (as_of, run_id),
        )


def test_the_quality_of_each_tables_data_in_five_dimensions(shop: dict):
    publish(AS_OF, RUN)
    judged = [
        # expectation, dimension, success, observed, rows judged
        ("staging.stg_order_lines: has_rows", "availability", True, "10", 10),
        ("staging.stg_order_lines: amount_not_null", "completeness", True, "0", 10),
        ("staging.stg_order_lines: weekly_volume", "completeness", False, "1", 10),
        ("staging.stg_order_lines: newest_order", "timeliness", True, "2024-05-28 09:00:00", 10),
        ("analytics_runs.customer_clv: has_rows", "availability", True, "4", 4),
        ("analytics_runs.customer_clv: revenue_reconciles", "consistency", True, "0", 4),
        ("analytics_runs.customer_clv: judged_before_there_were_any", None, True, "0", 4),
    ]
    with db.connect() as connection:
        for run_id in (RUN, "2024-06-01.9"):  # the second run is not published
            connection.cursor().executemany(
                f"""insert into {tables.GATE_RESULTS} (
                    run_id, as_of_date, gate, expectation, severity, dimension, success, observed, rows_judged
                ) values (%s, %s, 'g', %s, 'warning', %s, %s, %s, %s)""",
                [(run_id, AS_OF, *row) for row in judged],
            )
    found = as_analyst("select * from analytics.data_quality order by table_name, dimension")
    assert {(*row[:2], row[-1]) for row in found} == {(date(2024, 6, 1), RUN, True)}
    new = "The newest order was of 2024-05-28, 4 days before the date."
    nothing = "Nothing is expected of the table here."
    assert [row[2:-1] for row in found] == [
        ("analytics.customer_clv", "accuracy", None, 0, 4, nothing),
        ("analytics.customer_clv", "availability", Decimal("1"), 1, 4, "There, with 4 rows."),
        ("analytics.customer_clv", "completeness", None, 0, 4, nothing),
        ("analytics.customer_clv", "consistency", Decimal("1"), 1, 4, "Met: all 1."),
        ("analytics.customer_clv", "timeliness", Decimal("0.5714"), 1, 4, new),  # 3 of 7 days too old
        ("staging.stg_order_lines", "accuracy", None, 0, 10, nothing),
        ("staging.stg_order_lines", "availability", Decimal("1"), 1, 10, "There, with 10 rows."),
        (
            "staging.stg_order_lines", "completeness", Decimal("0.5"), 2, 10,
            "Met: 1 of 2. Not met: weekly_volume.",
        ),
        ("staging.stg_order_lines", "consistency", None, 0, 10, nothing),
        ("staging.stg_order_lines", "timeliness", Decimal("0.5714"), 1, 10, new),
    ]  # fmt: skip


def test_a_date_that_a_gate_stopped_has_rows_until_it_is_published(shop: dict):
    day = "2024-06-03"
    with db.connect() as connection:
        for number, success in ((1, True), (2, False), (3, True)):  # the second run failed, the others did not end
            connection.execute(
                f"""insert into {tables.GATE_RESULTS} (
                    run_id, as_of_date, gate, expectation, severity, dimension, success, observed, rows_judged
                ) values (%s, %s, 'g', 'raw.batches: counts', 'critical', 'accuracy', %s, '0', 10)""",
                (f"{day}.{number}", day, success),
            )
    query = f"""
        select run_id, score, explanation, is_published from analytics.data_quality
        where as_of_date = '{day}' and dimension = 'accuracy'
    """
    assert as_analyst(query) == [(f"{day}.2", 0, "Met: 0 of 1. Not met: counts.", False)]
    publish(day, f"{day}.3")
    assert as_analyst(query) == [(f"{day}.3", 1, "Met: all 1.", True)]


@pytest.mark.parametrize(
    ("newest", "score"), [("2024-05-31 23:59:59", 1), ("2024-05-24 00:00:00", 0), ("2023-01-01 00:00:00", 0)]
)
def test_orders_are_new_for_a_day_and_old_after_a_week_more(shop: dict, newest: str, score: int):
    publish(AS_OF, RUN)
    with db.connect() as connection:
        connection.execute(
            f"""insert into {tables.GATE_RESULTS} (
                run_id, as_of_date, gate, expectation, severity, dimension, success, observed, rows_judged
            ) values (%s, %s, 'g', 'staging.stg_order_lines: newest_order', 'warning', 'timeliness', true, %s, 10)
            on conflict (run_id, gate, expectation) do update set observed = excluded.observed""",
            (RUN, AS_OF, newest),
        )
    assert as_analyst("select distinct score from analytics.data_quality where dimension = 'timeliness'") == [(score,)]


def test_a_matured_forecast_of_the_published_run_is_shown_against_what_happened(shop: dict):
    publish(AS_OF, RUN)
    publish("2024-08-30", "2024-08-30.1")  # 90 days later
    assert scorecard.measure() == {"measured": 1, "measured_again": 0}
    columns = "horizon_days, matured_on, customers, predicted_revenue, actual_revenue, bias, coverage_80, share_bought"
    found = as_analyst(f"select {columns} from analytics.clv_scorecard where grouped_by = 'all'")
    # Predictions are 90 of 365 days of 100, 50 and 50. Actual revenue: customer b 500, on the as-of date itself;
    # customer d 7, for an order placed before that date, which still counts as a purchase. Only customer d's revenue is
    # within 0.5 to 2 times the prediction.
    assert [tuple(map(str, row)) for row in found] == [
        ("90", "2024-08-30", "3", "49.32", "507.00", "-0.9027", "0.3333", "0.6667")
    ]
    # Medians are 0.9 times the means. Their errors are 22.19, 488.9 and 4.1.
    columns = "wape_of_median, wape, mean_absolute_error"  # wape is a former name
    ((wape, former, error),) = as_analyst(f"select {columns} from analytics.clv_scorecard where grouped_by = 'all'")
    assert wape == former
    assert float(wape) == pytest.approx(515.19 / 507, abs=1e-3)
    assert float(error) == pytest.approx(515.19 / 3, abs=0.1)
    tiers = as_analyst("select customers from analytics.clv_scorecard where grouped_by = 'value_tier'")
    assert sum(customers for (customers,) in tiers) == 3
    publish(AS_OF, "2024-06-01.2")  # another run is current
    assert as_analyst("select from analytics.clv_scorecard") == []


def test_what_training_measured_is_shown(shop: dict, module_home: settings.Settings):
    row = {
        "horizon_days": 90, "origin": "2024-03-03", "contestant": "perennial", "metric": "auc", "value": 0.75,
        "published": True,
    }  # fmt: skip
    for value in (0.5, 0.75):  # the second call replaces the first one's rows
        model_choice.record_decisions("m2", date(2024, 6, 1), [], [{**row, "value": value}], module_home)
    found = as_analyst("select model_version, origin, contestant, metric, value from analytics.model_backtest")
    assert found == [("m2", date(2024, 3, 3), "perennial", "auc", 0.75)]
    wapes = [{**row, "metric": "wape_of_mean", "value": 0.9}]
    model_choice.record_decisions("m2", date(2024, 6, 1), [], wapes, module_home)
    found = as_analyst("select metric, value from analytics.model_backtest order by metric")
    assert found == [("wape", 0.9), ("wape_of_mean", 0.9)]  # under its former name too


def test_values_given_to_a_build_may_contain_a_quote(shop: dict, module_home: settings.Settings):
    query = dbt_calls.compiled("customer_features", {"as_of_date": AS_OF, "run_id": "o'brien"}, module_home)
    assert "'o''brien'::text as run_id" in query


def test_the_units_of_the_sql(shop: dict, module_home: settings.Settings):
    assert dbt_calls.unit_tests(module_home) == 24
