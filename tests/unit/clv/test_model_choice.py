from __future__ import annotations

from datetime import date, timedelta

from clv import model_choice, registry
from clv.settings import HORIZONS

DAY = date(2024, 6, 1)


def test_each_horizon_has_its_last_closed_origin_and_steps_back() -> None:
    found = model_choice.origins(DAY, date(2020, 1, 1), HORIZONS)
    for horizon in HORIZONS:
        closed = [origin for origin in found if origin + timedelta(days=horizon) <= DAY]
        assert max(closed) == DAY - timedelta(days=horizon)
        assert len(closed) >= model_choice.ORIGINS_PER_HORIZON
    assert found == sorted(set(found))


def test_no_origin_has_under_ninety_days_of_orders_before_it() -> None:
    assert model_choice.origins(DAY, DAY - timedelta(days=180), HORIZONS) == [DAY - timedelta(days=90)]
    assert model_choice.origins(DAY, DAY - timedelta(days=179), HORIZONS) == []


def test_a_version_is_named_after_its_date_and_data() -> None:
    assert registry.version_name(DAY, "0123456789abcdef") == "2024-06-01-01234567"
