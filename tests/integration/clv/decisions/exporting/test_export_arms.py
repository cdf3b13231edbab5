"""Exports of an experiment's arms: who goes out, once, and which arms do not."""

from __future__ import annotations

from datetime import date
from typing import Any

import exported
import pytest
from exported import CAP, LIST, Member, approve, declare, key, ledger, publish
from psycopg.types.json import Jsonb

from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.decisions.exporting import export as exporting
from clv.decisions.exporting.export import export
from clv.warehouse import db
from clv.warehouse.roles import EXPORTER

ARM_OF = {"1": "mail", "2": "mail", "3": "control", "5": "mail"}
COLUMNS = ["customer_id", "list_name", "as_of_date", "channel", "action", "reason"]


@pytest.fixture
def shop(home: Settings) -> Settings:
    """A shop with the experiment `spring` of ten days. Customer 4 is in none of its arms, and refused contact at the
    address of 5."""
    exported.make_tables(home)
    declare(home, "crm", to="file", columns=COLUMNS)
    publish(
        home,
        [
            Member("1"), Member("2", consents=False), Member("3"), Member("4", "five@shop.example", consents=False),
            Member("5", "Five@shop.example"),
        ],
    )  # fmt: skip
    begin(home, "spring", channel="email")
    return home


def begin(home: Settings, name: str, **definition: Any) -> None:
    """Starts an experiment whose arms are those of ARM_OF."""
    whole = {"arms": {"mail": 50, "control": 50}, "control": "control", "window_days": 10, **definition}
    with db.connect(home.warehouse_url) as connection:
        connection.execute(
            "insert into ops.experiments (experiment, started_on, run_id, definition) values (%s, %s, 'r', %s)",
            (name, exported.AS_OF, Jsonb(whole)),
        )
        for who, arm in ARM_OF.items():
            connection.execute(
                "insert into ops.experiment_assignments values (%s, %s, %s, '', 0)", (name, key(home, who), arm)
            )


def change(home: Settings, name: str = "spring", **values: Any) -> None:
    """Changes columns of an experiment, as nobody but the owner of the database can."""
    with db.connect(home.warehouse_url) as connection:
        for column, value in values.items():
            connection.execute(f"update ops.experiments set {column} = %s where experiment = %s", (value, name))  # noqa: S608 - of the test


def given(shop: Settings, name: str) -> list[str]:
    """The ids that the exporter gets of an arm."""
    query = "select customer_id from ops.arm_addresses(%s, %s) where customer_id is not null order by 1"
    return [one for (one,) in db.rows(query, tuple(name.split(".")), shop.url_as(EXPORTER))]


def test_an_arm_goes_out_once_to_those_who_may_be_contacted(shop: Settings) -> None:
    first = export("spring.mail", "crm", shop)
    path = shop.home / "exports" / "crm" / "spring.mail-2024-06-01.csv"
    assert path.read_text().splitlines()[1:] == ["1,spring.mail,2024-06-01,email,mail,experiment spring"]
    assert exporting.messages(first, shop) == [
        "exported   spring.mail of 2024-06-01 to crm: 1 customer",
        f"file       {path}",
        "left out   2: no consent",
    ]
    publish(shop, [Member("2")], as_of="2024-06-10", run_id="r2")  # agrees while the experiment runs
    second = export("spring.mail", "crm", shop)
    assert (second.sent, second.earlier, second.left_out) == (1, 1, {"no consent": 1})
    assert export("spring.mail", "crm", shop, date(2024, 6, 1)).earlier == 2
    assert ledger(shop) == [("spring.mail", "1", "sent"), ("spring.mail", "2", "sent")]
    assert db.rows("select count(*) from ops.list_entries", url=shop.warehouse_url) == [(0,)]


def test_no_other_arm_goes_out(shop: Settings) -> None:
    begin(shop, "silent", contact=False)
    for name, message in {
        "spring.control": "'control' of spring is the control, which nobody contacts; export spring.mail",
        "spring.letter": "'letter' of spring is none of its arms; export spring.mail",
        "silent.mail": "silent contacts nobody .* `clv sql` reads its customers from analytics.experiment_customers",
        "autumn.mail": "autumn was not started; run `clv experiment start autumn`",
    }.items():
        with pytest.raises(ClvError, match=message):
            export(name, "crm", shop)
        assert given(shop, name) == []
    with pytest.raises(ClvError, match="spring.mail is an arm of an experiment that began on 2024-06-01, and goes out"):
        export("spring.mail", "crm", shop, date(2024, 6, 2))
    assert (given(shop, "spring.mail"), ledger(shop)) == (["1"], [])


def test_nobody_goes_out_when_the_experiment_is_over(shop: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise InterruptedError

    with monkeypatch.context() as patch:
        patch.setattr(exporting.files, "send", interrupted)
        with pytest.raises(InterruptedError):
            export("spring.mail", "crm", shop)
    publish(shop, [Member("5")], as_of="2024-06-11", run_id="r2")
    assert given(shop, "spring.mail") == []
    done = export("spring.mail", "crm", shop)
    assert (done.sent, done.unsure, ledger(shop)) == (0, 1, [("spring.mail", "1", "unsure")])
    with pytest.raises(ClvError, match="spring was over on 2024-06-11; `clv experiment read spring` says"):
        export("spring.mail", "crm", shop)


def test_the_cap_counts_arms_by_their_channel_and_those_without_one_in_each(shop: Settings) -> None:
    begin(shop, "by_letter", channel="letter")
    change(shop, stopped_on=exported.AS_OF)
    declare(shop, "capped", to="file", cap=CAP)
    publish(shop, [Member("1"), Member("3")], "vip", as_of="2024-06-02", run_id="r2")
    approve(shop, "vip")
    assert export("by_letter.mail", "capped", shop).sent == 1
    assert export("vip", "capped", shop).sent == 2  # by e-mail, which the letter does not count for
    begin(shop, "anywhere")
    change(shop, stopped_on=None)
    for name in ("spring.mail", "anywhere.mail"):
        done = export(name, "capped", shop)
        assert (done.sent, done.left_out["contacted often enough"]) == (0, 1)
    publish(shop, [Member("2")], as_of="2024-06-03", run_id="r3")
    approve(shop)
    assert export("anywhere.mail", "capped", shop).sent == 1  # to 2
    change(shop, stopped_on=exported.AS_OF)
    change(shop, "anywhere", stopped_on=exported.AS_OF)
    assert export(LIST, "capped", shop).left_out == {"contacted often enough": 1}


def test_a_list_that_was_made_before_leaves_out_the_customers_of_a_running_experiment(shop: Settings) -> None:
    approve(shop)
    query = """select count(*) from ops.listed_addresses(%s, %s, %s)
        where left_out = 'in an experiment' and customer_id is null and email is null"""
    for definition, customers in (
        ({"channel": "letter"}, 0), ({"contact": False}, 0), ({}, 2), ({"channel": "email", "contact": False}, 2),
    ):  # fmt: skip
        change(shop, definition=Jsonb({"window_days": 10, **definition}))
        assert db.rows(query, (LIST, exported.AS_OF, exported.RUN), shop.url_as(EXPORTER)) == [(customers,)]
    done = export(LIST, "crm", shop)
    assert (done.sent, done.left_out) == (0, {"in an experiment": 2, "no consent": 3})
    publish(shop, [Member("5")], as_of="2024-06-11", run_id="r2")  # it is over
    assert export(LIST, "crm", shop, date(2024, 6, 1)).sent == 2
