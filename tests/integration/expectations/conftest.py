"""A small warehouse with one run that passes every gate."""

from __future__ import annotations

import pytest
import small_warehouse as small
from judged_shop import RUN

from clv.core import settings


@pytest.fixture
def shop(home: settings.Settings) -> settings.Settings:
    small.make_tables()
    small.make_orders()
    small.make_slice(RUN)
    small.put_on_list(RUN)
    return home
