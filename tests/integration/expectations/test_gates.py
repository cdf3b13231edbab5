"""The gates on a small warehouse: correct rows pass, warnings are recorded, and failures name a remedy."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
import small_warehouse as small
from judged_shop import CUSTOMER, RUN, judge, stored

from clv.catalog import tables
from clv.core import settings
from clv.core.errors import ClvError
from clv.quality.results import GateFailed
from clv.reporting import gates
from clv.transform import dbt
from clv.warehouse import db, publication, runs


def test_a_sound_run_passes_every_gate(shop: settings.Settings) -> None:
    for gate in publication.GATES:
        facts = judge(gate)
        assert facts["warnings"] == []
        assert all(success for _, success, _ in stored(gate).values())
        assert facts["expectations"] == len(stored(gate)) > 0
        assert all(rows > 0 for rows in facts["rows_judged"].values())


def test_old_orders_are_warned_of_and_every_judgement_has_its_dimension(shop: settings.Settings) -> None:
    small.execute(f"update {tables.STG_ORDER_LINES} set ordered_at = '2011-05-24 23:00' where line = 3")
    assert judge("staging")["warnings"] == ["staging.stg_order_lines: newest_order"]
    query = "select dimension, observed from ops.gate_results where expectation ~ 'newest_order$'"
    assert db.rows(query) == [("timeliness", "2011-05-24")]
    assert db.rows("select from ops.gate_results where dimension is null") == []


def bought(times: int, customer: str, amount: int, day: str = "2011-05-28") -> None:
    """Adds orders of a customer to the batch, each with one line of this amount."""
    small.execute(
        f"""insert into {tables.STG_ORDER_LINES}
        select 'orders', amount || '|' || n, 1, 100 + n, 'orders:' || amount || '|' || n, amount || '|' || n,
            customer, day, day, amount
        from (select %s::uuid as customer, %s::date as day, %s::integer as amount) as said,
            generate_series(1, %s) as n""",
        (customer, day, amount, times),
    )
    query = (
        f"update {tables.STG_BATCH_COUNTS} set rows_received = rows_received + %s, rows_accepted = rows_accepted + %s"
    )
    small.execute(query, (times, times))


def test_refunds_with_no_sale_behind_them_and_a_day_below_zero_are_warned_of(shop: settings.Settings) -> None:
    stranger = "99999999-0000-4000-8000-000000000000"
    bought(9, stranger, -5)
    assert judge("staging")["warnings"] == []  # too few rows for a warning
    bought(1, stranger, -6)
    follow, brings = "staging.stg_order_lines: refunds_follow_sales", "staging.stg_order_lines: days_bring_money"
    assert judge("staging")["warnings"] == [brings, follow]
    query = "select dimension, mend from ops.gate_results where not success"
    for dimension, remedy in db.rows(query):
        assert dimension == "accuracy"
        assert "`clv withdraw --batch 1 --reason 'amounts have the wrong sign'`" in remedy
    bought(1, stranger, 60)  # on the same day, so the refunds may belong to it
    bought(1, small.A, 1, "2011-03-31")
    bought(12, small.A, -4, "2011-04-01")  # too old for a warning in this run
    assert judge("staging")["warnings"] == []
    bought(2, small.A, -3, "2011-05-29")
    bought(10, small.A, -7, "2011-05-29")
    assert judge("staging")["warnings"] == [brings]


def test_half_of_the_amounts_missing_says_where_and_what_to_do(shop: settings.Settings) -> None:
    small.execute(
        """update staging.stg_batch_counts
        set rows_received = 27, rows_rejected = 20, rows_missing_amount = 20"""
    )
    small.execute(
        f"""insert into quarantine.set_aside_lines (batch_id, line, reason, customer_key)
        select 1, 6 + n, 'missing_amount', '{small.A}' from generate_series(1, 20) as n"""
    )
    with pytest.raises(GateFailed) as failure:
        judge("staging")
    text = str(failure.value)
    assert "more than 10%" in text
    assert "file_name orders.csv, rows_missing_amount 20, rows_in_effect 26" in text
    assert "line 7, customer aaaa…; line 8, customer aaaa…" in text
    remedy = "load a corrected file under the same name, or take the batch back with `clv withdraw --batch 1 --reason "
    assert remedy in text


def test_a_corrected_batch_lifts_the_block(shop: settings.Settings) -> None:
    small.execute(
        """insert into staging.stg_batch_counts (batch_id, source, file_name, rows_received, rows_unreadable,
            rows_accepted, rows_rejected, rows_duplicate, rows_replaced)
        values (2, 'orders', 'broken.csv', 40, 0, 0, 0, 0, 40)"""
    )
    assert judge("staging")["warnings"] == []


def test_what_an_unreadable_row_held_is_not_shown(shop: settings.Settings) -> None:
    small.execute("update raw.batches set rows_received = 17, rows_unreadable = 10")
    small.execute(
        """insert into quarantine.unreadable_rows (batch_id, file_name, line, reason)
        select batch_id, file_name, 4, 'amount ''Ann O''Neill'' is not a number' from raw.batches"""
    )
    with pytest.raises(GateFailed, match="line 4: amount … is not a number") as failure:
        judge("raw")
    assert "Neill" not in str(failure.value)


def test_a_replaced_batch_may_have_been_unreadable(shop: settings.Settings) -> None:
    small.execute("update raw.batches set rows_received = 17, rows_unreadable = 10")
    small.execute(
        """insert into raw.batches (source, file_name, content_sha256, mapping_sha256, currency, rows_received,
            rows_loaded, rows_unreadable) values ('orders', 'orders.csv', 'd', 'm', 'GBP', 17, 17, 0)"""
    )
    assert judge("raw")["warnings"] == []
    small.execute("insert into raw.withdrawals (batch_id, reason) select max(batch_id), 'wrong' from raw.batches")
    with pytest.raises(GateFailed, match="unreadable_share"):  # the batch counts again
        judge("raw")


def test_a_warning_is_recorded_and_does_not_stop(shop: settings.Settings) -> None:
    small.execute("update staging.stg_batch_counts set first_ordered_at = '1899-01-01'")
    assert judge("staging")["warnings"] == ["staging.stg_batch_counts: dates_plausible"]
    assert stored("staging")["staging.stg_batch_counts: dates_plausible"] == ("warning", False, 1)


def test_orders_that_arrive_meanwhile_are_no_fault_of_the_run(shop: settings.Settings) -> None:
    runs.log(RUN, "build_features", datetime(2020, 1, 1, tzinfo=UTC), {"staging": dbt.staging_state()})
    assert judge("features")["warnings"] == []
    small.execute("update staging.stg_batch_counts set rows_accepted = 5")
    small.execute("delete from staging.stg_order_lines where line = 1")
    assert judge("features")["warnings"] == ["features.customer_features: compared_with_staging"]


def test_judging_again_replaces_the_results(shop: settings.Settings) -> None:
    small.execute("update predictions.customer_predictions set p_purchase = 2")
    with pytest.raises(GateFailed):
        judge("predictions")
    small.execute("update predictions.customer_predictions set p_purchase = 0.5")
    judge("predictions")
    assert all(success for _, success, _ in stored("predictions").values())


def test_a_missing_table_fails_in_one_line(shop: settings.Settings) -> None:
    small.execute("drop table features.customer_features")
    with pytest.raises(ClvError, match="could not be judged") as failure:
        judge("features")
    assert "\n" not in str(failure.value)


def test_an_unknown_gate_is_refused(home: settings.Settings) -> None:
    with pytest.raises(ClvError, match="there is no gate 'nonsense'"):
        judge("nonsense")


def test_the_page_says_what_stopped_the_run_and_what_to_do(shop: settings.Settings) -> None:
    small.execute(f"update predictions.customer_predictions set predicted_p10 = -1 where {CUSTOMER}")
    small.execute("update staging.stg_batch_counts set first_ordered_at = '1899-01-01'")
    judge("raw")
    judge("staging")
    with pytest.raises(GateFailed) as failure:
        judge("predictions")
    page = shop.reports / "gates" / f"{RUN}.html"
    assert str(failure.value).endswith(f"; everything that was found: {page}")
    text = " ".join(page.read_text().split())
    assert "The run was stopped, and nothing of it is published." in text
    severities = re.findall('<article class="([a-z]+)">', text)
    assert severities == sorted(severities)  # critical first, then warnings
    assert severities[-1] == "warning"
    assert "<h3>a batch with orders dated before 1990 or after it was loaded</h3>" in text
    assert "<dd>no such row</dd> <dt>Observed</dt><dd>1 of 1 rows</dd>" in text
    assert "customer_key <b>aaaa…</b>" in text
    assert "<dt>What to do</dt><dd>look at the log of the task score, then clear it</dd>" in text
    assert "Not judged: features, analytics." in text
    index = " ".join((page.parent / "index.html").read_text().split())
    assert f'<a href="{RUN}.html">{RUN}</a></td><td><span class="bad">stopped at predictions</span>' in index


def test_the_page_of_a_run_that_passed_says_so_and_holds_no_secret(shop: settings.Settings) -> None:
    for gate in publication.GATES:
        judge(gate)
    text = (shop.reports / "gates" / f"{RUN}.html").read_text()
    assert "The run passed every gate." in text
    assert "What failed" not in text
    counted = db.rows("select count(*) from ops.gate_results")[0][0]
    assert text.count('<span class="fine">met</span>') == counted > 50
    text += str(db.rows("select * from ops.gate_results"))
    for secret in (shop.url_as("publisher"), shop.secret("publisher_password"), "clv_publisher", small.A):
        assert secret not in text
    assert "http" not in text
    assert "<script" not in text


def test_a_run_that_no_gate_has_judged_has_no_page(shop: settings.Settings) -> None:
    with pytest.raises(ClvError, match="no gate has judged the run 2011-06-01.9"):
        gates.write("2011-06-01.9")
    assert not (shop.reports / "gates").exists()


def test_a_bridge_that_does_not_add_up_stops_the_run(shop: settings.Settings) -> None:
    bridge, same = "analytics_runs.revenue_bridge", "as_of_date, run_id, source, month"
    step = (
        f"insert into {bridge} ({same}, place, step, row_count, amount) "
        f"select {same}, 15, %s, 0, %s from {bridge} where place = 1"
    )
    for expectation, change in (
        ("steps_add_up", f"update {bridge} set amount = amount + 0.01 where step = 'refunds'"),
        ("revenue_reconciles", f"update {bridge} set amount = amount + 0.01 where step = 'net_revenue'"),
        ("moves_add_up_to_nothing", step % ("'moved'", "0.02")),
        ("rounding_is_small", step % ("'rounding'", "0.25")),
    ):
        small.execute(change)
        with pytest.raises(GateFailed) as failure:
            judge("analytics")
        assert f"{bridge}: {expectation}" in str(failure.value)


def test_a_bridge_of_other_rows_than_those_loaded_stops_the_run(shop: settings.Settings) -> None:
    changes = "amount = amount + 0.02 where _line = 1", "ordered_at = '2011-05-31' where _line = 6"
    for change in changes:  # an amount that staging does not have, and a row that it has lost
        small.execute(f"update {tables.ORDER_LINES} set {change}")
        with pytest.raises(GateFailed, match="revenue_bridge: starts_as_loaded"):
            judge("analytics")
    runs.log(RUN, "build_features", datetime(2020, 1, 1, tzinfo=UTC), {"staging": "of before those rows"})
    assert judge("analytics")["warnings"] == []  # not comparable


def test_costs_of_goods_that_the_lines_do_not_have_stop_the_run(shop: settings.Settings) -> None:
    small.execute("update analytics_runs.fct_orders set profit = profit + 0.02 where order_key = 'orders:o2'")
    with pytest.raises(GateFailed, match="fct_orders: lines_add_up") as failure:
        judge("analytics")
    assert "cost_of_goods 20.48, cost_of_lines 20.5" in str(failure.value)
