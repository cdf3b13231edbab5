"""Nothing goes to an address at which a customer refused contact."""

from __future__ import annotations

from datetime import date

import exported
from exported import LIST, Member, approve, declare, publish

from clv.core.settings import Settings
from clv.decisions.exporting.export import export
from clv.warehouse import db


def test_a_refusal_counts_for_every_id_of_the_address(home: Settings):
    exported.make_tables(home)
    declare(home, "crm", to="file", columns=["customer_id", "email"])
    members = [
        Member("1", "One@shop.example"), Member("2", "one@shop.example", consents=False), Member("one@shop.example"),
        Member("4", "four@shop.example"),
    ]  # fmt: skip
    publish(home, members)
    publish(home, members, "vip", as_of="2024-06-02", run_id="r2")
    publish(home, [Member("2", "one@shop.example")], "later", as_of="2024-06-03", run_id="r3")
    approve(home)
    approve(home, "vip")
    # The second id refused on the first two days and agreed on the third, and its last answer counts.
    assert export(LIST, "crm", home, date(2024, 6, 1)).sent == 4
    with db.connect(home.warehouse_url) as connection:
        connection.execute("delete from intermediate.int_consents where day = '2024-06-03'")
    found = export("vip", "crm", home, date(2024, 6, 2))
    assert (found.sent, found.left_out) == (1, {"no consent": 3})
