"""A published table added as docs/how-to/add-a-published-table.md describes works end to end; only its two files are
new."""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import psycopg
import pytest
import small_warehouse as small

from clv import sources
from clv.catalog import dbt_project, published, tables
from clv.core import settings
from clv.core.errors import ClvError
from clv.platform import backup
from clv.platform.runtime import databases
from clv.privacy import erasing, rotation
from clv.reporting import analyst, gates
from clv.transform import dbt, dictionary, metrics, views
from clv.warehouse import db, publication, runs
from expectations import gates as judging
from spark_jobs import score

HOW_TO = settings.PROJECT / "docs" / "how-to" / "add-a-published-table.md"
DAY = date(2024, 6, 1)
FILE = """customer_id,order_id,ordered_at,amount
anna,1,2024-03-01 10:00,10.00
anna,2,2024-05-22 10:00,20.00
bert,3,2024-05-30 10:00,40.00
"""
NAME = "customer_pauses"
TABLE = f"{tables.ANALYTICS_RUNS}.{NAME}"


def plant(folder: Path) -> Path:
    """A copy of dbt's project with the table of the how-to page."""
    project = shutil.copytree(dbt_project.PROJECT, folder / "dbt_project")
    text = HOW_TO.read_text()
    (query,) = re.findall(r"```sql\n(.*?)```", text, re.DOTALL)
    declaration, metric = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    for path, content in (
        (f"analytics/{NAME}.sql", query),
        (f"analytics/{NAME}.yml", declaration),
        (f"semantic/{NAME}.yml", metric),
    ):
        (project / "models" / path).write_text(content)
    return project


@pytest.fixture(scope="module")
def shop(module_home: settings.Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[settings.Settings]:
    """A home with two customers and a published run, whose dbt project has the added table."""
    folder = tmp_path_factory.mktemp("planted")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dbt_project, "PROJECT", plant(folder))
        databases.prepare(module_home)
        databases.claim_pseudonyms(module_home)
        small.let_analyst_in(module_home)
        (folder / "orders.csv").write_text(FILE)
        sources.load("orders", folder / "orders.csv", module_home)
        dbt.build("setup", {}, module_home)
        run_id = runs.open_run(DAY, "test")
        variables = {"as_of_date": f"{DAY}", "run_id": run_id}
        for layer in ("staging", "intermediate", "features"):
            dbt.build(layer, variables, module_home)
        score.write_too_little_data(module_home, DAY, run_id, "too few customers")
        assert dbt.build("analytics", variables, module_home)["rows"][NAME] == 2
        small.judge_all(run_id, f"{DAY}")
        judging.judge("analytics", DAY, run_id, gates.write)
        publication.publish(DAY, run_id)
        yield module_home


def silences(home: settings.Settings, view: str = NAME) -> list[tuple]:
    """The rows that an analyst reads from the added table."""
    return analyst.fetch(f"select as_of_date, days_silent from analytics.{view} order by days_silent", home)[1]


def keys() -> set:
    return {key for (key,) in db.rows(f"select customer_key from {TABLE}")}


def test_it_is_published_counted_judged_and_documented(shop: settings.Settings) -> None:
    expected = [(DAY, 2), (DAY, 10)]  # days since the 30th and the 22nd of May
    assert silences(shop) == silences(shop, f"{NAME}_history") == expected
    (held,) = publication.history()
    assert held.rows_published[NAME] == 2
    others = [name for name in published.tables() if name != NAME]
    assert held.digest == publication.digest(DAY, held.run_id) != publication.digest(DAY, held.run_id, names=others)
    judged = "select success, rows_judged from ops.gate_results where expectation = %s"
    assert db.rows(judged, (f"{TABLE}: has_rows",)) == [(True, 2)]
    text = dictionary.markdown()
    assert f"## {NAME}\n\nOne row per customer: the time since the last order." in text
    assert "| `days_silent` | integer | Days since the last order; null for a customer with refunds only. |" in text
    with pytest.raises(ClvError, match=rf"did you mean .*analytics\.{NAME}\b"):
        analyst.fetch("select * from analytics.customer_pause", shop)


def test_its_metric_is_computed_and_a_wrong_one_is_named(shop: settings.Settings) -> None:
    assert analyst.fetch(metrics.sql(["days_silent"], [], [], shop), shop)[1] == [(6,)]  # of 2 and 10 days
    semantic = dbt_project.PROJECT / "models" / "semantic" / f"{NAME}.yml"
    right = semantic.read_text()
    semantic.write_text(right.replace("silent_on", "as_of_date"))
    with pytest.raises(ClvError, match=f"Duplicate dimension .*{NAME}") as raised:
        dbt.semantics(shop)
    semantic.write_text(right)
    assert "\n" not in str(raised.value)


def test_a_run_without_a_row_of_it_is_not_published(shop: settings.Settings) -> None:
    run_id = runs.open_run(DAY, "test")
    small.judge_all(run_id, f"{DAY}")
    with pytest.raises(ClvError, match=f"has no rows in .*{NAME}"):
        publication.publish(DAY, run_id)


def test_it_is_saved_restored_renamed_and_erased(
    server: str, shop: settings.Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, _ = backup.backup(tmp_path / "saved", shop)
    assert NAME in kept["published"]["tables"]
    database = f"restored_{secrets.token_hex(4)}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"create database {database}")  # type: ignore[arg-type]
    monkeypatch.setenv("CLV_HOME", str(tmp_path / "new"))
    monkeypatch.setenv("CLV_WAREHOUSE_URL", f"{server}/{database}")
    backup.restore(tmp_path / "saved", settings.load())
    home = settings.load()
    assert silences(home) == [(DAY, 2), (DAY, 10)]

    before = keys()
    assert rotation.rotate(home)[TABLE] == 2
    assert len(keys()) == 2
    assert not keys() & before
    receipt = erasing.erase(erasing.find("anna", "orders", None, home), home)
    assert receipt.rows[TABLE] == 1
    assert silences(home) == [(DAY, 2)]


def test_what_is_no_longer_declared_is_no_longer_shown(shop: settings.Settings) -> None:
    declared = dbt_project.PROJECT / "models" / "analytics" / f"{NAME}.yml"
    text = declared.read_text()
    shown = f"select viewname from pg_views where schemaname = 'analytics' and viewname like '{NAME}%' order by 1"
    for declaration, shows in (
        (text.replace("history: true, ", ""), [NAME]),
        (text.replace("published: true, history: true, ", ""), []),
        (text, [NAME, f"{NAME}_history"]),
    ):
        declared.write_text(declaration)
        dbt.build("setup", {}, shop)
        assert [name for (name,) in db.rows(shown)] == shows
    assert silences(shop) == [(DAY, 2), (DAY, 10)]

    with db.connect(shop.warehouse_url) as connection:
        connection.execute(f"create view public.own as select * from analytics.{NAME}_history")  # type: ignore[arg-type]
        connection.execute(f"create view analytics.mine as select * from {TABLE}")  # type: ignore[arg-type]
    query = declared.with_suffix(".sql")
    rows = query.read_text()
    for path in (declared, query):
        path.unlink()
    with pytest.raises(
        ClvError, match=rf"analytics.{NAME}_history is not declared .* \(view own depends .*\); drop what"
    ):
        views.drop_undeclared(shop)
    with db.connect(shop.warehouse_url) as connection:
        connection.execute("drop view public.own")
    views.drop_undeclared(shop)
    assert db.rows(shown) == []
    assert db.rows("select count(*) from analytics.mine") == [(2,)]
    declared.write_text(text)
    query.write_text(rows)
