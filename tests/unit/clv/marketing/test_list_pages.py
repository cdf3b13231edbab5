"""The page of lists, the page of a list, and the forms on it: rights, protection, escaping, and what they call."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from visiting import DAY, action_list, token

from clv.decisions.exporting.ledger import Went
from clv.decisions.lists import approving, earnings, reading
from clv.decisions.lists.reading import Member
from clv.marketing import acts, exports
from clv.marketing.acts import Act
from clv.marketing.pages import lists

NOON = datetime(2024, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def done(visitor, monkeypatch):
    """What the pages called, in place of a warehouse with one list of two customers."""
    called: list[tuple] = []

    def note(name, result):
        def call(*given, over=None):
            called.append((name, *(one for one in given if one is not visitor.home)))
            assert over == (None if name == "export" else "transaction")  # an act counts only if it is logged
            return result(*given) if callable(result) else result

        return call

    approved = action_list(is_approved=True, approved_by="anna")
    members = [
        Member(place, f"{place}" * 8, "act", "approved", None, None, None, "<silent>", UUID(int=place))
        for place in (1, 2)
    ]
    monkeypatch.setattr(reading, "members", lambda _of, _home, after=0, most=None: members[after:][:most])
    monkeypatch.setattr(lists, "_went", lambda *_: [Went("crm", "sent", 3, NOON)])
    monkeypatch.setattr(
        acts, "of", lambda *_: [Act(7, NOON, "anna", "approve", "list win_back", "it is <b>approved</b>")]
    )
    monkeypatch.setattr(acts, "record", note("record", 7))
    monkeypatch.setattr(approving, "approve", note("approve", approved))
    monkeypatch.setattr(approving, "revoke", note("revoke", 2))
    monkeypatch.setattr(exports, "start", note("export", 7))
    return called


def test_the_lists_lead_to_a_page_each(visitor):
    text = visitor.get("/lists").text
    assert '<a href="/marketing/lists/win_back?as_of=2024-06-01">Win back the valuable</a>' in text
    assert "waiting for approval" in text


def test_the_page_of_a_list_shows_who_and_why_and_what_was_done(visitor, done):
    text = visitor.get("/lists/win_back?done=7").text
    assert "&lt;silent&gt;" in text
    assert '<p class="said" role="status">it is &lt;b&gt;approved&lt;/b&gt;</p>' in text
    assert "2024-06-01 12:00 UTC, anna: approve" in text
    assert "<b>approved</b>" not in text


def test_what_a_list_earned_is_shown_once_it_went_out(visitor, done, monkeypatch):
    row = {
        "list_name": "win_back", "title": "Win back", "metric": "profit", "entered": 9, "customers": 5, "held_out": 1,
        "window_days": 60, "as_of_date": DAY, "message": "Earned <12> EUR.",
    }  # fmt: skip
    others = [row | {"metric": "revenue", "message": "no cost"}, row | {"entered": 0, "message": "never"}]
    assert "earned" not in visitor.get("/lists").text.partition("<h1>")[2]
    monkeypatch.setattr(earnings, "earnings", lambda _: [row, *others])
    for path in ("/lists", "/lists/win_back"):
        text = visitor.get(path).text
        assert "Earned &lt;12&gt; EUR." in text
        assert "never" not in text
        assert "no cost" not in text
    assert visitor.get("/lists/win_back").text.count("What it earned") == 1


def test_customers_are_paged_by_place(visitor, done, monkeypatch):
    monkeypatch.setattr(lists, "PLACES", 1)
    assert "customers?as_of=2024-06-01&amp;after=1" in visitor.get("/lists/win_back/customers").text
    assert "after=2" not in visitor.get("/lists/win_back/customers?after=1").text
    assert visitor.get("/lists/win_back/customers?after=-1").status_code == 400


def test_a_viewer_sees_no_forms(visitor, done):
    assert "<form" in visitor.get("/lists/win_back").text
    visitor.role = "viewer"
    assert "<form" not in visitor.get("/lists/win_back").text


ACTS = {
    "approve": {"as_of": "2024-06-01"},
    "revoke": {"as_of": "2024-06-01"},
    "export": {"as_of": "2024-06-01", "destination": "crm"},
}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize(
    ("role", "headers", "has_token"),
    [
        ("viewer", {}, True),
        ("", {}, True),
        ("marketer", {}, False),
        ("marketer", {"Origin": "http://other.example"}, True),
        ("marketer", {"Origin": "http://shop.example:81"}, True),
        ("marketer", {"Origin": ""}, True),
        ("marketer", {"Sec_Fetch_Site": "cross-site"}, True),
        ("marketer", {"Sec_Fetch_Site": "same-site"}, True),
    ],
)
def test_forms_of_others_do_nothing(visitor, done, act, role, headers, has_token):
    visitor.role = role
    fields = ACTS[act] | ({"form_token": token()} if has_token else {})
    assert visitor.post(f"/lists/win_back/{act}", fields, **headers).status_code == 403
    assert done == []


def test_a_form_of_another_sign_in_does_nothing(visitor, done):
    assert visitor.post("/lists/win_back/approve", {"form_token": token("another cookie")}).status_code == 403
    assert done == []


def test_who_is_not_signed_in_starts_nothing(visitor, done):
    visitor.role = None
    answer = visitor.post("/lists/win_back/approve", ACTS["approve"])
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/api/v2/auth/login?next=http%3A%2F%2Fshop.example%2Fmarketing%2F")
    assert done == []


def test_approving_is_logged_and_leads_back(visitor, done):
    text = visitor.get("/lists/win_back").text
    assert token() in text  # the page's forms carry it
    answer = visitor.post(
        "/lists/win_back/approve", ACTS["approve"] | {"form_token": token()}, Sec_Fetch_Site="same-origin"
    )
    assert answer.status_code == 303
    assert answer.headers["location"] == "/marketing/lists/win_back?as_of=2024-06-01&done=7"
    message = "win_back of 2024-06-01 approved by anna: 3 customers to act on, 1 held out, 120.50 EUR at stake"
    assert done == [
        ("approve", "win_back", "anna", DAY, False),
        ("record", "anna", "approve", "list win_back", message),
    ]


def test_a_standing_approval(visitor, done):
    visitor.post("/lists/win_back/approve", ACTS["approve"] | {"form_token": token(), "standing": "true"})
    assert done[0] == ("approve", "win_back", "anna", DAY, True)


def test_revoking_is_logged(visitor, done):
    visitor.post("/lists/win_back/revoke", ACTS["revoke"] | {"form_token": token()})
    assert done[0] == ("revoke", "win_back", "anna")
    assert done[1][:4] == ("record", "anna", "revoke", "list win_back")


def test_exporting_starts_with_the_date_of_the_form(visitor, done):
    visitor.post("/lists/win_back/export", ACTS["export"] | {"form_token": token()})
    assert done == [("export", ("win_back", "crm", DAY), "anna")]


def test_an_export_shows_its_own_receipt(visitor, done, monkeypatch):
    log = [
        Act(6, NOON, "anna", "exported", "list win_back", "sent to crm", 3),
        Act(5, NOON, "anna", "exported", "list win_back", "sent to shop", 4),
        Act(4, NOON, "anna", "export", "list win_back", "export to shop started"),
        Act(3, NOON, "anna", "export", "list win_back", "export to crm started"),
        Act(2, NOON, "anna", "export", "list win_back", "export to mail started"),
    ]
    monkeypatch.setattr(acts, "of", lambda *_: log)
    assert '<p class="said" role="status">sent to crm</p>' in visitor.get("/lists/win_back?done=3").text
    assert '<p class="said" role="status">sent to shop</p>' in visitor.get("/lists/win_back?done=4").text
    lost = "export to mail started, and ended without a receipt, since the server or the warehouse stopped"
    assert f'<p class="said wrong" role="status">{lost}' in visitor.get("/lists/win_back?done=2").text
    monkeypatch.setattr(exports, "is_under_way", lambda _: True)
    assert '<p class="said" role="status">export to mail started</p>' in visitor.get("/lists/win_back?done=2").text


def test_a_removed_list_cannot_be_approved_from_its_page(visitor, done, monkeypatch):
    monkeypatch.setattr(approving, "removed_at", lambda *_: NOON)
    text = visitor.get("/lists/win_back").text
    assert "It was removed on 2024-06-01 12:00 UTC. Nothing more of it goes out." in text
    assert "/approve" not in text


def test_an_unapproved_list_cannot_be_exported_from_its_page(visitor, done, monkeypatch):
    assert "/export" not in visitor.get("/lists/win_back").text
    monkeypatch.setattr(reading, "lists", lambda *_: [action_list(is_approved=True, approved_by="anna")])
    assert "The operator declares one" in visitor.get("/lists/win_back").text
    (visitor.home.home / "destinations").mkdir()
    (visitor.home.home / "destinations" / "crm.yml").write_text("to: file")
    text = visitor.get("/lists/win_back").text
    assert 'action="/marketing/lists/win_back/export"' in text
    assert "<option>crm</option>" in text
