"""With `daily_history_days`, upkeep keeps of old months the last published date, on a real PostgreSQL."""

from __future__ import annotations

from datetime import date

import pytest
import small_warehouse as small
from rich.console import Console
from small_warehouse import age, rows_of
from typer.testing import CliRunner

from clv import cli
from clv.catalog import tables
from clv.commands.runs import _remark_removal
from clv.core import dates, settings
from clv.core.errors import ClvError
from clv.evaluation import scorecard
from clv.pipeline import upkeep
from clv.platform import headline
from clv.platform.runtime import stack
from clv.warehouse import db, publication, runs

# The newest is June 1st, so that the dates before May 1st are thinned out: March 30th and April 15th.
DATES = [date(2011, *day) for day in ((3, 30), (3, 31), (4, 15), (4, 29), (5, 2), (5, 31), (6, 1))]
GONE, LEFT = [DATES[0], DATES[2]], [DATES[1], *DATES[3:]]


@pytest.fixture
def shop(home: settings.Settings) -> settings.Settings:
    small.make_tables()
    small.make_views()
    small.make_outcomes()
    (home.home / "shop.json").write_text('{"daily_history_days": 31}')
    return home


def publish(day: date, factor: int = 1) -> str:
    run_id = small.ready_run(day.isoformat(), factor)
    publication.publish(day, run_id)
    return run_id


def kept() -> set[date]:
    """The dates of which an analyst sees rows."""
    return {date.fromisoformat(day) for day, _ in small.seen("customer_clv_history")}


def digests() -> dict[date, str]:
    """The digest of each date's rows in the tables with a history."""
    names = [name.partition(".")[2] for name in upkeep.with_history()]
    return {day: publication.digest(day, one.run_id, names=names) for day, one in publication.by_date().items()}


def test_old_months_keep_their_last_date_and_its_rows(shop: settings.Settings) -> None:
    for day in DATES:
        publish(day)
        publish(day, factor=2)
    small.ready_run(str(GONE[0]))  # never published
    before = digests()
    assert upkeep.run()["dates"] == []  # their runs are too young
    age(8)
    assert upkeep.run()["dates"] == [str(day) for day in GONE]
    assert kept() == set(LEFT)
    after = digests()
    assert {day: after[day] for day in LEFT} == {day: before[day] for day in LEFT}
    removed = [run_id for (run_id,) in db.rows("select run_id from ops.runs where as_of_date = any(%s)", (GONE,))]
    assert len(removed) == 5
    for table in (*upkeep.with_history(), *upkeep.latest_only(), tables.CUSTOMER_FEATURES, tables.CUSTOMER_PREDICTIONS):
        assert not any(rows_of(run_id, table) for run_id in removed)
    assert upkeep.run() == {
        "dates": [], "runs": 0, "rows": {}, "build_files": 0, "spark_files": 0, "scratch_files": 0, "log_files": 0,
        "gates_pages": 0, "pages": 0, "data_docs": 0,
    }  # fmt: skip
    assert digests() == after


def test_without_the_setting_every_published_date_stays(shop: settings.Settings) -> None:
    (shop.home / "shop.json").unlink()
    for day in DATES:
        publish(day)
    age(800)
    assert upkeep.run()["dates"] == []
    assert kept() == set(DATES)


@pytest.mark.parametrize("order", [DATES[4:1:-1], [DATES[3], DATES[4], DATES[2]]])
def test_any_order_of_runs_and_upkeep_keeps_the_same_dates(shop: settings.Settings, order: list[date]) -> None:
    for day in (DATES[6], *order):
        publish(day)
        age(8)
        upkeep.run()
    assert kept() == {DATES[6], DATES[3], DATES[4]}


def test_a_removed_date_says_so_and_can_be_made_again(shop: settings.Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    day = GONE[1]
    first, second = publish(day), publish(day, factor=2)
    for other in LEFT:
        publish(other)
    page = shop.reports / str(day) / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text("")
    age(8)
    assert upkeep.run()["pages"] == 1
    assert not page.parent.exists()
    assert str(day) not in (shop.reports / "index.html").read_text()
    for run_id in (first, second):
        with pytest.raises(ClvError, match=f"upkeep has removed it; start a new run with `clv run --as-of {day}`"):
            publication.publish(day, run_id)
        with pytest.raises(ClvError, match="published rows never change"):
            runs.require_unpublished(run_id)
    assert {one.state for one in runs.history(shop, dates.today(), as_of=day)} == {"removed"}
    assert publication.current(day) is None
    small.let_analyst_in(shop)
    assert headline.of(day, shop) is None
    assert small.seen() == {(str(DATES[-1]), f"{DATES[-1]}.1")}

    monkeypatch.setattr(stack, "status", lambda _: [stack.ServiceState("postgres", "up", "", 1)])
    shown = CliRunner(env={"COLUMNS": "200"}).invoke(cli.app, ["status"]).stdout
    assert "run 2011-06-01.1; 5 dates; 1 removed by upkeep" in shown
    out = Console(record=True, width=200)
    _remark_removal([day, DATES[3]], settings.load(), out)
    message = out.export_text()
    assert "note: upkeep has removed what was published for 2011-04-15; the runs make it again" in message
    assert "note: upkeep will remove 2011-04-15, since daily_history_days in " in message
    assert "2011-04-29" not in message

    third = publish(day)
    assert upkeep.run()["dates"] == []  # an active run keeps its date
    assert small.seen("customer_clv_history") >= {(str(day), third)}
    assert publication.current(day).run_id == third  # type: ignore[union-attr]
    age(8)
    assert upkeep.run()["dates"] == [str(day)]
    assert kept() == set(LEFT)


def test_what_has_matured_is_measured_before_it_is_removed(shop: settings.Settings) -> None:
    early, last, newest = date(2011, 1, 5), date(2011, 1, 31), date(2011, 6, 1)
    for day in (early, last, newest):
        publish(day)
    age(8)
    assert upkeep.run()["dates"] == [str(early)]
    measured = f"select distinct as_of_date, horizon_days from {tables.CLV_SCORECARD} order by 1"
    assert db.rows(measured) == [(early, 90), (last, 90)]
    small.execute(f"insert into {tables.INT_OUTCOME_DAYS} values (%s, %s, true, 5)", (small.A, date(2011, 2, 1)))
    assert scorecard.measure() == {"measured": 1, "measured_again": 1}  # only the date that is still there
    assert db.rows(measured) == [(early, 90), (last, 90)]


def test_upkeep_that_is_killed_leaves_a_date_whole_or_removed(
    shop: settings.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = GONE[1]
    publish(day)
    second = publish(day, factor=2)
    for other in (DATES[3], DATES[6]):
        publish(other)
    before = digests()[day]
    age(8)
    removed: list[str] = []

    def killed(run_id: str, limits: upkeep.Limits, remove=upkeep._remove) -> dict[str, int]:
        if removed:
            raise KeyboardInterrupt
        removed.append(run_id)
        return remove(run_id, limits)

    with monkeypatch.context() as once:
        once.setattr(upkeep, "_remove", killed)
        with pytest.raises(KeyboardInterrupt):
            upkeep.run()
    assert removed == [f"{day}.1"]  # the one before the published run
    assert publication.current(day).run_id == second  # type: ignore[union-attr]
    assert digests()[day] == before
    assert upkeep.run()["dates"] == [str(day)]
    assert kept() == {DATES[3], DATES[6]}
