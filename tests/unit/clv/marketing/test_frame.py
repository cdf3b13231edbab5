"""Who is let in, what each answer carries, and how mistakes are shown."""

from __future__ import annotations

import pytest
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from clv.core.errors import ClvError, Unavailable
from clv.decisions.lists import reading
from clv.marketing.first_page import FirstPage


def test_who_is_not_signed_in_is_led_to_the_login_and_back(visitor):
    visitor.role = None
    answer = visitor.get("/lists?as_of=2024-06-01")
    assert answer.status_code == 303
    assert answer.headers["location"] == (
        "/api/v2/auth/login?next=http%3A%2F%2Fshop.example%2Fmarketing%2Flists%3Fas_of%3D2024-06-01"
    )


@pytest.mark.parametrize(("role", "status"), [("marketer", 200), ("admin", 200), ("viewer", 200), ("", 403)])
def test_roles_that_see_the_pages(visitor, role, status):
    visitor.role = role
    assert visitor.get("/lists").status_code == status


def test_every_answer_carries_the_headers(visitor):
    for path in ("/lists", "/nowhere"):
        headers = visitor.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "frame-ancestors 'self'" in headers["content-security-policy"]
        assert headers["cache-control"] == "no-store"


def test_the_address_without_a_page_leads_to_the_lists(visitor):
    assert visitor.get("/").headers["location"] == "/marketing/lists"


@pytest.mark.parametrize(("error", "status"), [(ClvError("no <b>lists</b>"), 409), (Unavailable("no database"), 503)])
def test_mistakes_are_one_line(visitor, monkeypatch, error, status):
    def fail(*_):
        raise error

    monkeypatch.setattr(reading, "lists", fail)
    answer = visitor.get("/lists")
    assert answer.status_code == status
    assert str(error).replace("<", "&lt;").replace(">", "&gt;") in answer.text


def test_addresses_that_do_not_exist_or_cannot_be_read(visitor):
    assert visitor.get("/nowhere").status_code == 404
    answer = visitor.get("/lists?as_of=yesterday")
    assert answer.status_code == 400
    assert "as_of" in answer.text


@pytest.mark.parametrize(
    ("role", "path", "status"),
    [("marketer", "/", 303), ("admin", "/", 200), (None, "/", 200), ("", "/", 200), ("marketer", "/health", 200)],
)
def test_airflows_first_page_leads_a_marketer_to_the_lists(visitor, role, path, status):
    async def airflow(scope, receive, send):
        await PlainTextResponse("Airflow's page")(scope, receive, send)

    visitor.role = role
    browser = TestClient(FirstPage(airflow, lists="/plugin/lists"), follow_redirects=False)
    answer = browser.get(path)
    assert answer.status_code == status
    assert answer.headers.get("location") == ("/plugin/lists" if status == 303 else None)
