"""Opening, publishing, rolling back and deleting runs, on a real PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
import small_warehouse as small

from clv.catalog import published
from clv.core import settings
from clv.core.errors import ClvError
from clv.warehouse import db, publication, runs

DAY = date.fromisoformat(small.AS_OF)


@pytest.fixture
def shop(home: settings.Settings) -> settings.Settings:
    small.make_tables()
    small.make_views()
    return home


def test_runs_that_open_at_once_get_numbers_of_their_own(home: settings.Settings) -> None:
    with ThreadPoolExecutor(4) as pool:
        opened = set(pool.map(lambda n: runs.open_run(DAY, f"test {n}"), range(8)))
    assert opened == {f"2011-06-01.{number}" for number in range(1, 9)}
    assert runs.latest(DAY) == "2011-06-01.8"
    assert runs.latest(DAY + timedelta(days=1)) is None


def test_a_finished_try_is_logged(home: settings.Settings) -> None:
    run_id = runs.open_run(DAY, "test")
    runs.log(run_id, "score", 0.0, {"rows": 3, "day": DAY}, 2)
    logged = db.rows("select task, try_number, facts, extract(epoch from started_at)::int from ops.task_log")
    assert logged == [("score", 2, {"rows": 3, "day": "2011-06-01"}, 0)]


def test_publishing_switches_every_table_at_once_and_back_again(shop: settings.Settings) -> None:
    first, second = small.ready_run(), small.ready_run(factor=2)
    for run_id in (first, second):
        small.put_on_list(run_id)
    for run_id in (first, second, first):
        facts = publication.publish(DAY, run_id)
        assert facts["published"] == run_id
        assert facts["rows"]["customer_clv_horizons"] == 9
        for table in published.tables():
            assert small.seen(table) == {(small.AS_OF, run_id)}
    assert [one.run_id for one in publication.history()] == [first, second, first]
    digests = [one.digest for one in publication.history()]
    assert digests[0] == digests[2] != digests[1]


def test_the_latest_date_is_shown_and_history_keeps_each(shop: settings.Settings) -> None:
    old = small.ready_run("2011-05-01")
    new = small.ready_run()
    publication.publish(DAY, new)
    publication.publish(date(2011, 5, 1), old)
    assert small.seen() == {(small.AS_OF, new)}
    assert small.seen("customer_clv_history") == {(small.AS_OF, new), ("2011-05-01", old)}
    assert publication.current().run_id == new  # type: ignore[union-attr]
    assert publication.current(date(2011, 5, 1)).run_id == old  # type: ignore[union-attr]
    assert publication.current(date(2011, 4, 1)) is None


def test_publishing_the_same_run_again_changes_nothing(shop: settings.Settings) -> None:
    run_id = small.ready_run()
    with ThreadPoolExecutor(4) as pool:
        facts = list(pool.map(lambda _: publication.publish(DAY, run_id, "tester"), range(4)))
    assert sorted(one["already_published"] for one in facts) == [False, True, True, True]
    assert [one.published_by for one in publication.history()] == ["tester"]


def test_readers_see_one_whole_run_while_publications_change(shop: settings.Settings) -> None:
    known = [small.ready_run(), small.ready_run(factor=2)]
    publication.publish(DAY, known[0])

    def move(times: int) -> None:
        for number in range(times):
            publication.publish(DAY, known[number % 2])

    query = """
        select count(distinct run_id), count(*) from (
            select run_id from analytics.customer_clv
            union all select run_id from analytics.customer_clv_horizons
            union all select run_id from analytics.fct_orders
        ) as everything
    """
    with ThreadPoolExecutor(1) as pool:
        moving = pool.submit(move, 20)
        while not moving.done():
            assert db.rows(query) == [(1, 3 + 9 + 4)]
        moving.result()


def test_a_run_that_was_not_judged_is_refused(shop: settings.Settings) -> None:
    run_id = small.ready_run()
    small.execute("delete from ops.gate_results where gate in ('raw', 'analytics')")
    with pytest.raises(ClvError, match="was not judged by the gates raw, analytics"):
        publication.publish(DAY, run_id)
    assert publication.history() == []


def test_a_run_that_failed_a_gate_is_refused_and_a_warning_is_not(shop: settings.Settings) -> None:
    run_id = small.ready_run()
    small.execute("update ops.gate_results set success = false where gate = 'features'")
    with pytest.raises(ClvError, match=r"failed the gates features \(has_rows\)"):
        publication.publish(DAY, run_id)
    small.execute("update ops.gate_results set severity = 'warning' where gate = 'features'")
    assert publication.publish(DAY, run_id)["published"] == run_id


def test_a_run_of_another_date_or_of_none_is_refused(shop: settings.Settings) -> None:
    run_id = small.ready_run()
    for as_of, name in ((date(2011, 5, 1), run_id), (DAY, "2011-06-01.9")):
        with pytest.raises(ClvError, match="there is no run"):
            publication.publish(as_of, name)


def test_a_run_without_its_rows_is_refused(shop: settings.Settings) -> None:
    run_id = small.ready_run()
    small.execute("truncate analytics_runs.dim_customer")
    with pytest.raises(ClvError, match="no rows in dim_customer.*start a new run"):
        publication.publish(DAY, run_id)


def test_a_run_published_before_a_table_was_added_is_published_again(
    shop: settings.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = small.ready_run(), small.ready_run()
    small.execute(f"delete from analytics_runs.segment_summary where run_id = '{first}'")
    with monkeypatch.context() as earlier:
        known = {name: table for name, table in published.tables().items() if name != "segment_summary"}
        earlier.setattr(published, "tables", lambda: known)
        publication.publish(DAY, first)
    publication.publish(DAY, second)
    assert publication.publish(DAY, first)["published"] == first


def test_a_published_run_may_not_be_written_again(shop: settings.Settings) -> None:
    first, second = small.ready_run(), small.ready_run()
    runs.require_unpublished(first)
    publication.publish(DAY, first)
    publication.publish(DAY, second)
    for run_id in (first, second):
        with pytest.raises(ClvError, match="start a new run with `clv run --as-of 2011-06-01`"):
            runs.require_unpublished(run_id)
    with pytest.raises(ClvError, match="there is no run"):
        runs.require_unpublished("2011-06-01.9")
