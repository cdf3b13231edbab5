"""The exports that each daily run makes."""

from __future__ import annotations

from datetime import date, timedelta

import exported
import pytest
from exported import CAP, LIST, Member, approve, declare, publish

from clv.core import dates
from clv.core.errors import ClvError, NotFoundError, Unavailable
from clv.core.settings import Settings
from clv.decisions.exporting import export as exporting
from clv.decisions.exporting import standing
from clv.pipeline.tasks import closing
from clv.warehouse import runs


@pytest.fixture
def shop(home: Settings) -> Settings:
    exported.make_tables(home)
    return home


def test_a_daily_run_exports_the_approved_lists_that_destinations_name(shop):
    declare(shop, "crm", to="file", lists=[LIST, "vip"], cap=CAP)
    declare(shop, "wrong", to="pigeon")
    publish(shop, [Member("1")])
    publish(shop, [Member("2")], list_name="vip")
    approve(shop)
    lists = standing.named(shop)
    assert lists == [(LIST, "crm"), ("vip", "crm"), ("", "wrong")]
    receipts, waiting = standing.export_each(lists[:2], date(2024, 6, 1), shop, lambda _: None)
    assert ([one.sent for one in receipts], waiting) == ([1], 1)
    with pytest.raises(ClvError, match="^wrong: wrong.yml: 'to' is one of") as raised:
        standing.export_each(lists, date(2024, 6, 1), shop, lambda _: None)
    assert not isinstance(raised.value, Unavailable | NotFoundError)
    # A disk that is full, or a folder that cannot be written, keeps no other list from going out.
    (shop.home / "exports" / "broken").write_text("")
    declare(shop, "broken", to="file")
    approve(shop, "vip")
    pairs = [(LIST, "broken"), ("vip", "broken"), ("vip", "crm")]
    arrived: list[exporting.Receipt] = []
    with pytest.raises(ClvError, match=r"^win_back to broken: .* cannot be written .*; vip to broken: .* cannot be"):
        standing.export_each(pairs, date(2024, 6, 1), shop, arrived.append)
    assert [one.sent for one in arrived] == [1]


def test_a_run_of_its_own_day_exports_and_one_of_the_past_does_not(shop, monkeypatch):
    declare(shop, "crm", to="file", lists=[LIST], cap=CAP)
    approve(shop)
    exported_customers = []
    today = dates.today()
    for day, now in ((date(2024, 6, 1), today), (today, today + timedelta(days=2)), (today, today + timedelta(days=1))):
        run_id = runs.open_run(day, "test")
        publish(shop, [Member("1")], as_of=str(day), run_id=run_id)
        monkeypatch.setattr(dates, "today", lambda now=now: now)
        exported_customers.append(closing.export(day, run_id)["exported customers"])
    # A backfill; a task that is cleared two days later; a run that ends after midnight.
    assert exported_customers == [0, 0, 1]
