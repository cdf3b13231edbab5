"""Upkeep deletes old runs, tables and files, and nothing that is published or in use, on a real PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
import small_warehouse as small
from small_warehouse import age, rows_of

from clv.catalog import published, tables
from clv.core import dates, settings
from clv.core.errors import ClvError
from clv.pipeline import upkeep
from clv.reporting import gates
from clv.warehouse import publication, runs

DAY = date.fromisoformat(small.AS_OF)


@pytest.fixture
def shop(home: settings.Settings) -> settings.Settings:
    small.make_tables()
    small.make_views()
    return home


def _ready_run() -> str:
    """Opens a run with rows in every published table."""
    run_id = small.ready_run()
    small.put_on_list(run_id)
    return run_id


def test_upkeep_keeps_what_is_published_and_what_was_before(shop: settings.Settings) -> None:
    unpublished, oldest, before, holding = (_ready_run() for _ in range(4))
    for run_id in (oldest, before, holding):
        publication.publish(DAY, run_id)
    pages = {run_id: gates.write(run_id, shop) for run_id in (unpublished, oldest, before, holding)}
    assert upkeep.run()["runs"] == 0  # all runs are too young
    age(8)
    young = _ready_run()
    facts = upkeep.run()
    assert (facts["runs"], facts["gates_pages"]) == (2, 2)
    index = (pages[holding].parent / "index.html").read_text()
    for run_id, page in pages.items():
        assert page.exists() == (page.name in index) == (run_id in (before, holding))
    for table in (*upkeep.with_history(), *upkeep.latest_only(), tables.CUSTOMER_FEATURES):
        assert not rows_of(unpublished, table)
        assert not rows_of(oldest, table)
        assert rows_of(before, table)
        assert rows_of(holding, table)
        assert rows_of(young, table)
    assert upkeep.run()["runs"] == 0
    publication.publish(DAY, before)  # the earlier run can still be published
    assert small.seen() == {(small.AS_OF, before)}
    with pytest.raises(ClvError, match="upkeep has removed it"):
        publication.publish(DAY, oldest)


def test_a_run_that_is_still_at_work_is_kept(shop: settings.Settings) -> None:
    run_id = small.ready_run()
    age(30)
    runs.log(run_id, "score", 0.0, {})
    assert upkeep.run()["runs"] == 0


def test_old_dates_keep_only_what_has_a_history(shop: settings.Settings) -> None:
    days = [f"2011-0{month}-01" for month in range(1, 6)]
    published = {}
    for day in days:
        for factor in (1, 2):
            published[day] = small.ready_run(day, factor)
            publication.publish(date.fromisoformat(day), published[day])
    age(8)
    upkeep.run()
    for day in days:
        assert rows_of(published[day], "analytics_runs.customer_clv")
        recent = day in days[-upkeep.KEEP_DATES :]
        working = (tables.CUSTOMER_FEATURES, tables.CUSTOMER_PREDICTIONS, tables.BASELINE_PREDICTIONS)
        for table in (*upkeep.latest_only(), *working):
            assert bool(rows_of(published[day], table)) == recent
    digest = publication.current(date(2011, 1, 1)).digest  # type: ignore[union-attr]
    publication.publish(date(2011, 1, 1), "2011-01-01.1")  # rolled back and forward, although its orders are gone
    assert publication.publish(date(2011, 1, 1), "2011-01-01.2")["digest"] == digest


def test_upkeep_beside_publishers_never_takes_what_holds(shop: settings.Settings) -> None:
    known = [_ready_run() for _ in range(6)]
    publication.publish(DAY, known[0])
    age(8)

    def publish(run_id: str) -> str | None:
        try:
            return publication.publish(DAY, run_id)["published"]
        except ClvError:
            return None  # upkeep has deleted the rows already

    with ThreadPoolExecutor(3) as pool:
        work = [pool.submit(publish, run_id) for run_id in known[1:]] + [pool.submit(upkeep.run) for _ in range(2)]
        for one in work:
            one.result()
    holding = publication.current(DAY).run_id  # type: ignore[union-attr]
    assert all(rows_of(holding, f"analytics_runs.{table}") for table in published.tables())


def test_old_files_go_and_young_ones_stay(home: settings.Settings) -> None:
    import os

    folder = home.home / "dbt" / "2011-06-01.1"
    folder.mkdir(parents=True)
    old, young = folder / "manifest.json", folder / "run_results.json"
    for path in (old, young):
        path.write_text("{}")
    os.utime(old, (0, 0))
    left = home.reports / "data_docs" / "local_site" / "index.html"
    left.parent.mkdir(parents=True)
    left.write_text("")
    os.utime(left, (0, 0))
    facts = upkeep.run()
    assert (facts["build_files"], facts["log_files"], facts["data_docs"]) == (1, 0, 1)
    assert not old.exists()
    assert young.exists()
    assert upkeep.run(today=dates.today() + timedelta(days=9))["build_files"] == 1
