from __future__ import annotations

from contextlib import nullcontext

import pytest
from visiting import SECRET, Visitor, action_list

from clv.core import settings
from clv.decisions.lists import approving, earnings, reading
from clv.warehouse import db


@pytest.fixture
def home(tmp_path, monkeypatch):
    (tmp_path / "secrets").mkdir()
    for name in ("airflow_secret_key", "postgres_password", "publisher_password"):
        (tmp_path / "secrets" / name).write_text(SECRET)
    found = settings.Settings(tmp_path, {"postgres_port": 1})  # where no database answers
    monkeypatch.setattr(settings, "located", lambda: found)
    return found


@pytest.fixture
def visitor(home, monkeypatch):
    monkeypatch.setattr(reading, "lists", lambda *_: [action_list()])
    monkeypatch.setattr(earnings, "earnings", lambda _: [])
    monkeypatch.setattr(approving, "removed_at", lambda *_: None)
    monkeypatch.setattr(db, "connect", lambda _: nullcontext("transaction"))
    return Visitor(monkeypatch, home)
