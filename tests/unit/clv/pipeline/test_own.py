"""What a shop adds of its own is checked when its services start."""

from __future__ import annotations

from pathlib import Path

import fetched
import pytest

from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.pipeline import own


def test_a_wrong_declaration_of_a_connector_is_named(tmp_path: Path):
    home = Settings(tmp_path, {})
    fetched.declare(home, "shop", {"from": "fax"})
    with pytest.raises(ClvError, match="shop.yml: 'from' is one of database"):
        own.check(home)


def test_a_wrong_alerts_file_is_a_remark(tmp_path: Path):
    home = Settings(tmp_path, {})
    assert own.of_alerts(home) == []
    home.alerts_file.write_text("channels: {}")
    assert own.of_alerts(home)[0].startswith(f"no alerts are sent: {home.alerts_file}: 'channels': ")
