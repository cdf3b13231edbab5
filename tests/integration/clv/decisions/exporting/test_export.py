"""Who goes out: approved, consenting, not erased, in the arm to act on, not too often, and once."""

from __future__ import annotations

import csv
from collections import Counter
from contextlib import nullcontext
from datetime import date, timedelta

import exported
import pytest
from exported import CAP, LIST, Member, approve, declare, ledger, publish
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from clv.core import dates
from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.decisions.exporting import export as exporting
from clv.decisions.exporting.export import export
from clv.privacy import erasing, persons, rotation
from clv.sources.fetching.service import Refused
from clv.sources.kinds import raw_tables
from clv.warehouse import db, pseudonyms
from clv.warehouse.roles import EXPORTER


@pytest.fixture
def shop(home: Settings) -> Settings:
    exported.make_tables(home)
    declare(home, "crm", to="file", columns=["customer_id", "email"])
    return home


def rows(shop: Settings, name: str = f"{LIST}-{exported.AS_OF}", destination: str = "crm") -> list[list[str]]:
    """The rows of an exported file, without its header."""
    with (shop.home / "exports" / destination / f"{name}.csv").open() as file:
        return list(csv.reader(file))[1:]


def test_only_those_go_out_who_may_be_contacted_and_each_of_them_once(shop):
    publish(
        shop,
        [
            Member("1", "one@shop.example"), Member("2", "two@shop.example", False), Member("3", arm="hold out"),
            Member("4", is_erased=True), Member("5"), Member("six@shop.example"),
        ],
    )  # fmt: skip
    approve(shop)
    first = export(LIST, "crm", shop)
    assert rows(shop) == [["1", "one@shop.example"], ["six@shop.example", "six@shop.example"]]
    assert first.left_out == {"no consent": 1, "erased": 1, "no e-mail address": 1}
    assert ledger(shop) == [(LIST, "1", "sent"), (LIST, "six@shop.example", "sent")]
    assert exporting.messages(first, shop) == [
        "exported   win_back of 2024-06-01 to crm: 2 customers",
        f"file       {shop.home}/exports/crm/win_back-2024-06-01.csv",
        "left out   1: erased",
        "left out   1: no consent",
        "left out   1: no e-mail address",
    ]
    second = export(LIST, "crm", shop)
    assert (second.sent, second.earlier) == (0, 2)
    # Another run of the date lists one customer more, and the second has agreed meanwhile.
    publish(shop, [Member("1"), Member("2"), Member("7", "seven@shop.example")], run_id="r2")
    third = export(LIST, "crm", shop)
    assert rows(shop, f"{LIST}-{exported.AS_OF}-2") == [["2", "two@shop.example"], ["7", "seven@shop.example"]]
    assert (third.sent, third.earlier) == (2, 2)


def test_a_list_goes_out_only_while_it_is_approved_for_its_date(shop):
    publish(shop, [Member("1", "one@shop.example")])
    with pytest.raises(
        ClvError, match="the list win_back of 2024-06-01 is not approved; .*: clv approve win_back --as-of"
    ):
        export(LIST, "crm", shop)
    approve(shop, as_of="2024-05-31")
    with pytest.raises(ClvError, match="is not approved"):
        export(LIST, "crm", shop)
    approve(shop, as_of=exported.AS_OF)
    exported.revoke(shop)
    with pytest.raises(ClvError, match="is not approved"):
        export(LIST, "crm", shop)
    assert ledger(shop) == []
    with pytest.raises(ClvError, match="^2024-06-01 has no list vip; `clv lists --as-of 2024-06-01` shows"):
        export("vip", "crm", shop)
    with pytest.raises(ClvError, match="^2024-01-01 is not published, so no list can be exported; start `clv run"):
        export(LIST, "crm", shop, date(2024, 1, 1))


def test_addresses_are_those_of_the_persons_of_the_newest_published_date(shop, monkeypatch):
    publish(shop, [Member("1", "one@shop.example")])
    publish(shop, [Member("1")], as_of="2024-06-02", run_id="r2")
    approve(shop)
    days = []
    monkeypatch.setattr(exporting.dbt, "persons_of", lambda day, _: nullcontext(days.append(day)))
    assert export(LIST, "crm", shop, date(2024, 6, 1)).sent == 1
    assert days == [date(2024, 6, 2)]


def test_nobody_is_contacted_more_often_than_the_cap_says(shop, monkeypatch):
    declare(shop, "crm", to="file", cap=CAP)
    declare(shop, "copy", to="file", cap=CAP)
    publish(shop, [Member("1"), Member("2")])
    publish(shop, [Member("2"), Member("3")], list_name="vip")
    approve(shop)
    approve(shop, "vip")
    assert export(LIST, "crm", shop).sent == 2
    assert export(LIST, "copy", shop).sent == 2  # one contact, which goes two ways
    vip = export("vip", "crm", shop)
    assert (vip.sent, vip.left_out) == (1, {"contacted often enough": 1})
    later = dates.now() + timedelta(days=31)
    monkeypatch.setattr(dates, "now", lambda: later)
    assert export("vip", "crm", shop).sent == 1
    assert db.rows("select max(sent_at), max(added_at) from ops.exports", url=shop.warehouse_url) == [(later, later)]
    assert [(name, who) for name, who, _ in ledger(shop) if name == "vip"] == [("vip", "3"), ("vip", "2")]


def test_an_interrupted_export_of_another_date_is_named(shop):
    approve(shop)
    publish(shop, [Member("1", "one@shop.example")])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exporting.files, "send", interrupted)
        with pytest.raises(Killed):
            export(LIST, "crm", shop)
    publish(shop, [Member("1")], as_of="2024-06-02", run_id="r2")
    assert exporting.messages(export(LIST, "crm", shop), shop)[-1] == (
        "note:      the export of 2024-06-01 was interrupted; "
        "`clv export win_back --to crm --as-of 2024-06-01` continues it"
    )


def test_the_exporter_gets_no_other_addresses(shop):
    publish(shop, [Member("1"), Member("2", consents=False), Member("3", arm="hold out")])
    query = "select customer_id, left_out from ops.listed_addresses(%s, %s, %s)"

    def seen(*listed: str) -> list[tuple]:
        return db.rows(query, listed, shop.url_as(EXPORTER))

    assert seen(LIST, exported.AS_OF, exported.RUN) == []
    approve(shop)
    assert seen(LIST, exported.AS_OF, exported.RUN) == [("1", None), (None, "no consent")]
    assert seen(LIST, exported.AS_OF, "not published") == []


def test_an_erasure_reaches_the_ledger_and_files_and_names_where_the_person_went(shop):
    raw_tables.make(shop)
    declare(shop, "audience", to="file", columns=["email_sha256"])
    publish(shop, [Member("1", "one@shop.example"), Member("2", "two@shop.example")])
    approve(shop)
    for destination in ("crm", "audience"):
        export(LIST, destination, shop)
    today = db.rows("select max(added_at)::date::text from ops.exports", url=shop.warehouse_url)[0][0]
    with db.connect(shop.warehouse_url) as connection:
        person = persons.known(connection, shop, pseudonyms.secret(shop), "one@shop.example")
    exported.learn_uplift(shop, "1")
    done = erasing.erase(person, shop)
    assert done.left_home == [
        f"list win_back of 2024-06-01 went to {destination} on {today}" for destination in ("crm", "audience")
    ]
    assert [done.rows[f"ops.{name}"] for name in ("exports", "list_entries", "customer_uplift")] == [2, 1, 1]
    assert len(done.files) == 2
    assert rows(shop) == [["2", "two@shop.example"]]
    assert len(rows(shop, destination="audience")) == 1
    assert ledger(shop) == [(LIST, "2", "sent")] * 2
    assert export(LIST, "crm", shop).sent == 0


def test_who_went_out_stays_known_when_the_key_is_rotated(shop):
    raw_tables.make(shop)
    publish(shop, [Member("1", "one@shop.example")])
    approve(shop)
    export(LIST, "crm", shop)
    exported.learn_uplift(shop, "1")
    renamed = rotation.rotate(shop)
    assert [renamed[f"ops.{name}"] for name in ("exports", "list_entries", "customer_uplift")] == [1, 1, 1]
    query = (
        "select count(*) from ops.list_entries join ops.customer_uplift using (customer_key) where customer_key = %s"
    )
    assert db.rows(query, (exported.key(shop, "1"),), shop.warehouse_url) == [(1,)]
    again = export(LIST, "crm", shop)
    assert (again.sent, again.earlier) == (0, 1)
    assert ledger(shop) == [(LIST, "1", "sent")]


class Killed(Exception):  # noqa: N818 - what happened
    """Stands for a kill at this moment."""


def interrupted(*_: object) -> None:
    raise Killed


def test_who_was_refused_goes_out_with_the_corrected_declaration_and_counts_for_no_cap(shop, monkeypatch):
    declare(shop, "crm", to="http", url="http://127.0.0.1:9", columns=["place"])
    publish(shop, [Member("1"), Member("2"), Member("3")])
    publish(shop, [Member("3")], list_name="vip")
    approve(shop)
    approve(shop, "vip")

    def send(service, scope, batch, rows):
        if len(rows) > 2:
            raise Refused("the service refuses the request (status 413)", 413)

    monkeypatch.setattr(exporting.services, "send", send)
    with pytest.raises(Refused, match="status 413"):
        export(LIST, "crm", shop)
    assert ledger(shop) == [(LIST, "1", "refused"), (LIST, "2", "refused"), (LIST, "3", "refused")]
    declare(shop, "vips", to="http", url="http://127.0.0.1:9", cap=CAP)
    assert export("vip", "vips", shop).sent == 1
    declare(shop, "crm", to="http", url="http://127.0.0.1:9", batch=2, cap=CAP)
    done = export(LIST, "crm", shop)
    assert (done.sent, done.earlier, done.left_out) == (2, 0, {"contacted often enough": 1})
    assert set(ledger(shop)) == {
        (LIST, "1", "sent"), (LIST, "2", "sent"), (LIST, "3", "refused"), ("vip", "3", "sent"),
    }  # fmt: skip


def test_a_repetition_that_is_refused_blocks_nobody_else(shop, monkeypatch):
    declare(shop, "crm", to="http", url="http://127.0.0.1:9", batch=1)
    publish(shop, [Member("1"), Member("2")])
    approve(shop)
    faults = [Killed(), Refused("the service refuses the request (status 422)", 422)]

    def send(service, scope, batch, rows):
        if faults:
            raise faults.pop(0)

    monkeypatch.setattr(exporting.services, "send", send)
    with pytest.raises(Killed):
        export(LIST, "crm", shop)
    done = export(LIST, "crm", shop)
    assert ledger(shop) == [(LIST, "1", "unsure"), (LIST, "2", "sent")]
    assert exporting.messages(done, shop) == [
        "exported   win_back of 2024-06-01 to crm: 1 customer",
        "unsure     1 may have gone out; sending them was interrupted, and not repeated",
        "note:      the service refuses the request (status 422)",
    ]
    assert export(LIST, "crm", shop).earlier == 2


MEMBERS = st.lists(
    st.tuples(st.booleans(), st.sampled_from(["act", "act", "hold out"]), st.booleans()), min_size=1, max_size=6
)
KILLS = st.lists(st.sampled_from(["", "before", "after"]), max_size=5)


def test_whatever_happens_nobody_goes_out_who_may_not_and_nobody_twice(shop, monkeypatch):
    """Any list, kills before and after each sending, and consent that some withdraw between two tries."""
    number = Counter[str]()
    declare(shop, "crm", to="http", url="http://127.0.0.1:9", batch=2)

    @settings(
        max_examples=25, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )  # fmt: skip
    @given(MEMBERS, KILLS, st.sets(st.integers(0, 5)))
    def check(listed, kills, withdrawn):
        number["lists"] += 1
        name, run_id = f"list_{number['lists']}", f"r{number['lists']}"
        members = [
            Member(f"{name}.{at}", None, consents, arm, is_erased)
            for at, (consents, arm, is_erased) in enumerate(listed)
        ]
        publish(shop, members, name, run_id=run_id)
        approve(shop, name)
        arrived: dict[str, list[str]] = {}
        at = iter([*kills])

        def send(service, scope, batch, rows):
            what = next(at, "")
            if what == "before":
                raise Killed
            arrived.setdefault(batch.key, [row["customer_id"] for row in rows])
            if what == "after":
                raise Killed

        monkeypatch.setattr(exporting.services, "send", send)
        receipt, tries = None, 0
        while receipt is None:
            try:
                receipt = export(name, "crm", shop)
            except Killed:
                tries += 1
                if tries == 1:
                    with db.connect(shop.warehouse_url) as connection:
                        connection.execute(
                            "delete from analytics.contactable_customers where customer_key = any(%s)",
                            ([exported.key(shop, f"{name}.{at}") for at in withdrawn],),
                        )
        went = Counter(customer for customers in arrived.values() for customer in customers)
        may = {one.customer_id for one in members if one.consents and one.arm == "act" and not one.is_erased}
        stays = may - {f"{name}.{at}" for at in withdrawn} if tries else may
        assert set(went) <= may
        assert set(went.values()) <= {1}
        assert stays <= set(went)
        states = {who: state for of_list, who, state in ledger(shop) if of_list == name}
        assert {who for who, state in states.items() if state == "sent"} <= set(went) <= set(states)
        assert receipt.sent + receipt.earlier + receipt.unsure == len(states)

    check()
