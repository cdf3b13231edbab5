"""Exports of shops, payments and advertising give the revenue and the ad spend that were worked out by hand, from the
files to the published orders. All are loaded into one warehouse through the shipped mappings."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import exports_of_payments
import exports_of_shops
import money_example
import pytest
import reports_of_ads
import unforecast
import yaml
from made_exports import Export, Report

from clv import sources
from clv.catalog import tables
from clv.core import settings
from clv.core.errors import ClvError
from clv.sources.guessing.fitting import guess
from clv.warehouse import db

pytestmark = pytest.mark.set_up

AS_OF = date(2024, 9, 1)
EXPORTS = [*exports_of_shops.ALL, *exports_of_payments.ALL]
REPORTS = reports_of_ads.ALL


@pytest.fixture(scope="module")
def published(module_home: settings.Settings) -> None:
    """Loads all files, and publishes a date after them without a forecast."""
    policy = json.loads(money_example.block("json"))
    (module_home.home / "shop.json").write_text(json.dumps({"currency": "USD", **policy}))
    home = settings.load()
    for export in [*EXPORTS, *REPORTS]:
        folder = home.home / "files" / export.source
        folder.mkdir(parents=True)
        for name, content in export.files.items():
            (folder / name).write_bytes(content)
        sources.load(export.source, folder, home)
    example = home.home / "sources" / f"{money_example.SOURCE}.yml"
    example.parent.mkdir()
    example.write_text(money_example.block("yaml"))
    (home.home / "files" / "orders.csv").write_text(money_example.block("csv"))
    sources.load(money_example.SOURCE, home.home / "files" / "orders.csv", home)
    unforecast.publish(home, AS_OF)


def amounts(query: str, source: str) -> dict:
    return {row[:-1] if len(row) > 2 else row[0]: row[-1] for row in db.rows(query, (source,))}


def rejected(source: str) -> list[str]:
    query = """
        select reason from quarantine.set_aside_lines where source = %(source)s
        union all
        select reason from quarantine.unreadable_rows
        inner join raw.batches using (batch_id) where batches.source = %(source)s
    """
    return sorted(reason for (reason,) in db.rows(query, {"source": source}))


every_export = pytest.mark.parametrize("export", EXPORTS, ids=lambda export: export.source)


@every_export
@pytest.mark.usefixtures("published")
def test_revenue_and_rejected_rows_are_right(export: Export):
    query = """
        select customer_id, sum(net_revenue)::numeric(18, 2) from analytics.fct_orders
        inner join pii.customers using (customer_key) where split_part(order_key, ':', 1) = %s group by 1
    """
    assert amounts(query, export.source) == {name: Decimal(net) for name, net in export.customers.items()}
    query = """
        select customer_id, historic_revenue from analytics.customer_clv
        inner join pii.customers using (customer_key) where source = %s
    """
    assert amounts(query, export.source) == {name: Decimal(net) for name, net in export.customers.items()}
    assert rejected(export.source) == export.rejected


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.source)
@pytest.mark.usefixtures("published")
def test_ad_spend_and_rejected_rows_are_right(report: Report):
    query = f"""
        select day::text, campaign, sum(amount)::numeric(18, 2) from {tables.STG_CHANNEL_SPEND}
        where source = %s group by 1, 2
    """
    assert amounts(query, report.source) == {day: Decimal(amount) for day, amount in report.spent.items()}
    query = f"select _rule from {tables.CHANNEL_SPEND} where _source = %s and _rule is not null"
    assert sorted(rule for (rule,) in db.rows(query, (report.source,))) == report.rejected


@every_export
@pytest.mark.usefixtures("published")
def test_the_bridge_ends_in_the_revenue_of_each_source(export: Export):
    query = """
        select sum(amount) filter (where step = 'net_revenue'), sum(amount) filter (where step <> 'net_revenue')
        from analytics.revenue_bridge where source = %s
    """
    net = sum(map(Decimal, export.customers.values()))
    assert db.rows(query, (export.source,)) == [(net, net)]


@pytest.mark.parametrize("export", [export for export in EXPORTS if export.bridge], ids=lambda export: export.source)
@pytest.mark.usefixtures("published")
def test_the_bridge_has_what_the_export_states(export: Export):
    query = """
        select step, sum(amount) from analytics.revenue_bridge
        where source = %s and step not in ('net_revenue', 'unreadable') group by step
    """
    found = {step: amount for step, amount in amounts(query, export.source).items() if amount}
    assert found == {step: Decimal(amount) for step, amount in export.bridge.items()}


@pytest.mark.usefixtures("published")
def test_the_worked_example_of_the_documentation_is_right():
    tables_of_orders = money_example.stated("order")
    assert len(tables_of_orders) == 2
    for columns, orders in tables_of_orders:
        columns = columns.replace("order,", "split_part(order_key, ':', 2),", 1)
        query = f"select {columns} from analytics.fct_orders where order_key like %s order by order_key"
        assert db.rows(query, (f"{money_example.SOURCE}:%",)) == orders
    ((columns, steps),) = money_example.stated("step")
    columns = columns.replace("rows,", "row_count,", 1)
    query = f"select {columns} from analytics.revenue_bridge where source = %s and month = '2024-05' order by place"
    assert db.rows(query, (money_example.SOURCE,)) == steps
    query = "select step, row_count from analytics.revenue_bridge where source = %s and month = 'unknown'"
    assert db.rows(query, (money_example.SOURCE,)) == [("unreadable", 1), ("net_revenue", 0)]


@pytest.mark.usefixtures("published")
def test_every_received_row_is_accounted_for():
    query = """
        select source, file_name, counts.* from staging.stg_batch_counts as counts
        where rows_received <> rows_accepted + rows_set_aside + rows_duplicate + rows_unreadable or rows_duplicate > 0
    """
    assert db.rows(query) == []


def kind_of(path: Path) -> str:
    return yaml.safe_load(path.read_text()).get("kind", "orders")


def test_every_shipped_mapping_of_an_export_is_tried():
    plain = {"orders", "orders_without_id", "ad_spend"}
    elsewhere = {"cdnow", "online_retail_ii", "sample_shop", "complete_journey", "olist_orders"}  # tests of their own
    paths = (settings.PROJECT / "sources").glob("*.yml")
    known = {path.stem for path in paths if kind_of(path) in ("orders", "spend")}
    assert {export.source for export in [*EXPORTS, *REPORTS]} == known - plain - elsewhere


@pytest.mark.parametrize("export", [*EXPORTS, *REPORTS], ids=lambda export: export.source)
def test_the_mapping_of_an_export_is_guessed(export: Export | Report, tmp_path: Path):
    for name, content in export.files.items():
        (tmp_path / name).write_bytes(content)
        found = guess(tmp_path / name, settings.Settings(tmp_path / "home", {}))
        assert [one.mapping.source for one in found.best] == [export.source]


def test_a_report_over_several_days_is_refused(module_home, tmp_path):
    path = tmp_path / "campaigns.csv"
    path.write_text(
        "Reporting starts,Reporting ends,Campaign name,Amount spent (USD)\n2024-05-01,2024-05-31,Spring,9\n"
    )
    with pytest.raises(ClvError, match="no column 'Day'"):
        sources.load("meta_ads", path, module_home)
