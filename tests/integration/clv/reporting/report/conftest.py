"""A small warehouse that analysts may read."""

from __future__ import annotations

import pytest
import small_warehouse as small

from clv.core import settings


@pytest.fixture
def shop(home: settings.Settings) -> settings.Settings:
    small.make_tables()
    return home
