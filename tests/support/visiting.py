"""A visitor of the place for marketers, and lists for them to see."""

from __future__ import annotations

import hashlib
import hmac
from datetime import date
from decimal import Decimal

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from clv.core.settings import Settings
from clv.decisions.lists.reading import ActionList
from clv.marketing import signed_in
from clv.marketing.app import app

DAY = date(2024, 6, 1)
ORIGIN = "http://shop.example"
SECRET, COOKIE = "secret", "cookie"


def action_list(name: str = "win_back", **changes) -> ActionList:
    """A list of DAY that waits for approval, with three customers to act on and one held out."""
    return ActionList(
        DAY, name, "Win back the valuable", "email", "write personally", True, False, None, None, 4, 3, 1,
        Decimal("120.50"), "EUR",
    )._replace(**changes)  # fmt: skip


def token(cookie: str = COOKIE) -> str:
    """The token of the forms of a sign-in with this cookie."""
    return hmac.new(SECRET.encode(), f"form {cookie}".encode(), hashlib.sha256).hexdigest()


class Visitor:
    """A browser that is signed in to Airflow, as its app answers it. role: None while nobody is signed in."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, home: Settings) -> None:
        self.home = home
        self.role: str | None = "marketer"
        outside = FastAPI()
        outside.mount("/marketing", app)
        self.client = TestClient(outside, base_url=ORIGIN, follow_redirects=False)

        async def by_airflow(_):
            return None if self.role is None else ("anna", self.role, COOKIE)

        monkeypatch.setattr(signed_in, "_by_airflow", by_airflow)

    def get(self, path: str):
        return self.client.get(f"/marketing{path}")

    def post(self, path: str, fields: dict | None = None, **headers: str):
        """Sends a form as a browser does from a page of ours, unless headers say otherwise."""
        given = {"Origin": ORIGIN, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return self.client.post(f"/marketing{path}", data=fields or {}, headers=given)
