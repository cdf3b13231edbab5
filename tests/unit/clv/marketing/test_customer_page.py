"""The page Customers: who may find whom by what, what it shows of a customer, and how a filter becomes a list."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from types import SimpleNamespace
from uuid import UUID

import psycopg
import pytest

from clv.core.errors import ClvError
from clv.decisions.customers import filters, finding, reading
from clv.decisions.customers.filters import After, Row
from clv.decisions.customers.finding import Found
from clv.decisions.customers.reading import Listed, Order, Sent, Taking, Value
from clv.decisions.lists import saving
from clv.decisions.lists.saving import NewList, SavedList
from clv.marketing import acts
from clv.marketing.pages import customers as page

ANN, BEA = UUID(int=1 << 100), UUID(int=2 << 100)
JUNE, AT = date(2024, 6, 1), datetime.fromisoformat("2024-05-20T10:00")
CHOICES = {"tier": ["Gold"], "segment": ["loyal"], "stage": ["active"], "risk": ["high"], "category": ["<desk>"]}
SAVED = SavedList(
    "desk_gold", "Desk fans", "value_tier in ('Gold')", "email", "write", 10, Decimal("0.1"), "why", "anna", AT, False
)
CUSTOMER = SimpleNamespace(
    customer_key=ANN, as_of_date=JUNE, currency="EUR", horizon_days=365, predicted_clv=Decimal("120.5"),
    predicted_clv_low=Decimal(10), predicted_clv_high=Decimal(300), status_reason=None, churn_risk=Decimal("0.4"),
    churn_band="medium", value_at_stake=Decimal("48.2"), orders_count=3, first_order_on=JUNE, last_order_on=JUNE,
    historic_revenue=Decimal(90), value_tier="Gold", segment="loyal", lifecycle_stage="active",
    favourite_category="<desk>", country="DE", tags=[], may_be_contacted=False, may_contact=False, why_slipping=None,
    reasons=[{"reason": "ordered 3 times", "effect": 20.5}], reasons_start=Decimal(100), reasons_rest=Decimal(0),
    risk_reasons=None,
)  # fmt: skip


@pytest.fixture
def shop(monkeypatch, home):
    """Two customers, one saved list, and what was searched and saved."""
    row = Row(ANN, "Gold", "loyal", "medium", Decimal(1), Decimal(5), Decimal(2), "EUR", JUNE, "<desk>", True)
    received = SimpleNamespace(filters=[], saved=[], removed=[], addresses=[], acts=[])

    @contextmanager
    def no_database(*_):
        yield None

    def customers(_, chosen, order, after):
        received.filters.append((chosen, order, after))
        return [row] * (filters.PAGE if after is None else 1)

    monkeypatch.setattr(page, "_reading", no_database)
    monkeypatch.setattr(page, "known_sources", lambda _: {"shop": None})
    monkeypatch.setattr(filters, "customers", customers)
    monkeypatch.setattr(filters, "choices", lambda _: CHOICES)
    monkeypatch.setattr(filters, "number", lambda *_: (51, False))
    monkeypatch.setattr(finding, "find", lambda _, q, __: {"1001": [Found(ANN, "order 1001")]}.get(q, []))
    monkeypatch.setattr(finding, "published", lambda _, keys: list(keys))
    monkeypatch.setattr(finding, "keys_of_address", lambda address, _: received.addresses.append(address) or [ANN])
    monkeypatch.setattr(saving, "saved", lambda _: [SAVED])
    monkeypatch.setattr(saving, "problems", lambda rules, _: [None] * len(rules))
    monkeypatch.setattr(saving, "save", lambda new, by, _, **_over: received.saved.append((new, by)))
    monkeypatch.setattr(saving, "remove", lambda name, by, _, **_over: received.removed.append((name, by)))
    monkeypatch.setattr(acts, "record", lambda *act, **_over: received.acts.append(act[:4]))
    return received


def sent(visitor, path, fields=None):
    """Sends a form of the page."""
    text = visitor.get("/customers").text
    token = text.partition('name="form_token" value="')[2].partition('"')[0]
    return visitor.post(path, {**(fields or {}), "form_token": token})


def test_an_order_number_leads_to_its_customer(shop, visitor):
    assert visitor.get("/customers?q=1001").headers["location"] == f"/marketing/customers/{ANN}"
    answer = visitor.get("/customers?q=<1002>")
    assert "was found by “&lt;1002&gt;”. You can search by the number of an order" in answer.text


@pytest.mark.parametrize(
    ("role", "marketers_may", "may"),
    [("admin", False, True), ("marketer", False, False), ("marketer", True, True), ("viewer", True, False)],
)
def test_who_finds_customers_by_e_mail_address(shop, visitor, home, role, marketers_may, may):
    visitor.role = role
    (home.home / "shop.json").write_text(f'{{"marketers_find_by_email": {str(marketers_may).lower()}}}')
    assert ("Find by e-mail" in visitor.get("/customers").text) == may
    answer = sent(visitor, "/customers/by-email", {"email": "ann@example.com"})
    assert shop.addresses == (["ann@example.com"] if may else [])
    assert shop.acts == ([("anna", "find by e-mail", "customers", "1 found")] if may else [])
    if may:
        assert answer.headers["location"] == f"/marketing/customers?key={ANN}"
    else:
        assert answer.status_code == 403


def test_a_filter_has_pages_that_keep_it(shop, visitor):
    text = visitor.get("/customers?tier=Gold&category=%3Cdesk%3E&order=stake").text
    assert "51 customers meet the filter." in text
    assert "&lt;desk&gt;" in text
    following = f"tier=Gold&amp;category=%3Cdesk%3E&amp;order=stake&amp;after=2%2C{ANN}"
    assert following in text
    visitor.get("/customers?" + following.replace("&amp;", "&"))
    chosen = {"tier": ["Gold"], "category": ["<desk>"]}
    assert shop.filters == [(chosen, "stake", None), (chosen, "stake", After(Decimal(2), ANN))]


@pytest.mark.parametrize("query", ["order=name", "after=2", "after=x,y", f"after=1e999999999,{ANN}"])
def test_addresses_that_were_changed_by_hand(shop, visitor, query):
    assert visitor.get(f"/customers?{query}").status_code == 400


def test_a_value_that_the_warehouse_cannot_have(shop, visitor, monkeypatch):
    def refuse(*_):
        raise psycopg.DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes")

    monkeypatch.setattr(finding, "find", refuse)
    answer = visitor.get("/customers?q=%00")
    assert (answer.status_code, "cannot be read; begin again at the menu" in answer.text) == (400, True)


def test_small_values_are_written_in_digits(shop, visitor):
    assert page._after(page._written(After(Decimal("0E-9"), ANN))) == After(Decimal(0), ANN)


def test_a_filter_is_saved_as_a_list(shop, visitor):
    fields = {"name": " desk_gold", "title": "Desk fans", "channel": "email", "action": "write", "tier": "Gold"}
    answer = sent(visitor, "/customers/lists", {**fields, "cap": "", "holdout": "12.5 %"})
    assert answer.headers["location"] == "/marketing/customers?tier=Gold&message=saved"
    new = NewList(
        "desk_gold", "Desk fans", "value_tier in ('Gold')", "email", "write", None, Decimal("0.125"),
        "tier {value_tier}; expected value {predicted_clv}",
    )  # fmt: skip
    assert shop.saved == [(new, "anna")]
    assert shop.acts == [("anna", "save", "list desk_gold", "desk_gold is saved: value_tier in ('Gold')")]


@pytest.mark.parametrize(
    ("numbers", "says"),
    [
        ({"cap": "many"}, "most customers: many cannot be read as a number"),
        ({"cap": "1e999999999"}, "most customers: 1e999999999 cannot be read"),
        ({"cap": "1" * 9}, "cannot be read"),
        ({"holdout": "1e-999999999"}, "hold-out: 1e-999999999 cannot be read"),
        ({"holdout": "NaN"}, "cannot be read"),
        ({"holdout": ""}, "hold-out: an empty text cannot be read"),
    ],
)
def test_numbers_that_nobody_means_are_refused_at_once(shop, visitor, numbers, says):
    answer = sent(visitor, "/customers/lists", {"name": "desk_gold", "cap": "10", "holdout": "10", **numbers})
    assert (answer.status_code, says in answer.text, shop.saved) == (409, True, [])


def test_saved_lists_are_shown_and_removed(shop, visitor, monkeypatch):
    text = visitor.get("/customers").text
    assert "The next run makes it." in text
    assert "<option>email</option><option>offers</option><option>service</option>" in text  # channels of lists
    monkeypatch.setattr(saving, "problems", lambda *_: ["no such column"])
    assert "its rule cannot be used any more (no such column)" in visitor.get("/customers").text
    sent(visitor, "/customers/lists/desk_gold/remove")
    assert shop.removed == [("desk_gold", "anna")]
    assert shop.acts == [("anna", "remove", "list desk_gold", "desk_gold is removed, and its approvals are revoked")]


def test_a_viewer_and_another_site_save_and_remove_nothing(shop, visitor):
    assert visitor.post("/customers/lists/desk_gold/remove").status_code == 403  # without the form's token
    visitor.role = "viewer"
    assert "Save as a list" not in visitor.get("/customers").text
    assert sent(visitor, "/customers/lists", {"holdout": "10"}).status_code == 403
    assert shop.saved == shop.removed == []


def test_what_is_shown_of_a_customer(shop, visitor, monkeypatch):
    order = Order("shop:<1001>", "order", JUNE, AT, 1, "EUR", Decimal(30), Decimal(-5), "desk")
    monkeypatch.setattr(reading, "customer", lambda *_: CUSTOMER)
    monkeypatch.setattr(reading, "history", lambda *_: [value(1, 10), value(3, 20)])
    monkeypatch.setattr(reading, "orders", lambda *_: [order] * reading.PAGE)
    monkeypatch.setattr(reading, "lists", lambda *_: [Listed("vip", "email", "act", "why", JUNE, JUNE, True)])
    monkeypatch.setattr(reading, "sent", lambda *_: [Sent("vip", JUNE, "crm", AT, "unsure")])
    monkeypatch.setattr(reading, "experiments", lambda *_: [Taking("mail", "control", JUNE, True)])
    text = visitor.get(f"/customers/{ANN}").text
    for shown in (
        "120.50 EUR", "refused: never contact", "ordered 3 times", "+20.50 EUR", "&lt;1001&gt;", "-5.00",
        "nobody knows whether it arrived", "arm control", "buys mostly &lt;desk&gt;",
        "?at=2024-05-20T10%3A00%3A00&amp;order=shop%3A%3C1001%3E#orders",
    ):  # fmt: skip
        assert shown in text


def test_a_key_that_nobody_has(shop, visitor, monkeypatch):
    def nobody(*_):
        raise ClvError("the newest published date has no customer with this key")

    monkeypatch.setattr(reading, "customer", nobody)
    assert visitor.get(f"/customers/{BEA}").status_code == 409
    assert visitor.get("/customers/00000010").headers["location"] == "/marketing/customers?q=00000010"


def value(day: int, money: int | None) -> Value:
    clv = None if money is None else Decimal(money)
    return Value(date(2024, 6, day), clv, clv, clv, Decimal("0.5"), "medium", "Gold", "loyal", Decimal(0))


def test_the_line_of_a_history():
    assert page.line([value(1, 10), value(2, None), value(3, 20), value(5, 0)]) == "0.0,60.0 300.0,0.0 600.0,120.0"
    assert page.line([value(1, 0), value(2, 0)]) == "0.0,120.0 600.0,120.0"
    assert page.line([value(1, 10), value(2, None)]) == ""
