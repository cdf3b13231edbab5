from __future__ import annotations

import pytest
from visiting import SECRET, Visitor, action_list

from clv.core import settings
from clv.decisions.lists import earnings, reading


@pytest.fixture
def home(tmp_path, monkeypatch):
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "airflow_secret_key").write_text(SECRET)
    found = settings.Settings(tmp_path, {})
    monkeypatch.setattr(settings, "located", lambda: found)
    return found


@pytest.fixture
def visitor(home, monkeypatch):
    monkeypatch.setattr(reading, "lists", lambda *_: [action_list()])
    monkeypatch.setattr(earnings, "earnings", lambda _: [])
    return Visitor(monkeypatch, home)
