from __future__ import annotations

from datetime import date, timedelta

from clv.core.declared import HORIZONS
from clv.warehouse import model_choice, registry

DAY = date(2024, 6, 1)


def test_each_horizon_has_its_last_closed_origin_and_steps_back() -> None:
    found = model_choice.origins(DAY, date(2020, 1, 1), HORIZONS)
    for horizon in HORIZONS:
        closed = [origin for origin in found if origin + timedelta(days=horizon) <= DAY]
        assert max(closed) == DAY - timedelta(days=horizon)
        assert len(closed) >= model_choice.ORIGINS_IF_TWO_YEARS[True]
    assert found == sorted(set(found))


def test_shorter_windows_have_origins_after_the_last_closed_one() -> None:
    found = model_choice.origins(DAY, date(2020, 1, 1), [90])
    assert max(found) == DAY - timedelta(days=30)
    assert model_choice.origins(DAY, date(2020, 1, 1), [20])[-1] == DAY - timedelta(days=20)


def test_a_shop_of_two_years_is_learned_from_at_more_origins() -> None:
    young, old = (model_choice.origins(DAY, DAY - timedelta(days=days), [90]) for days in (729, 730))
    assert len(young) < len(old)


def test_no_origin_has_under_ninety_days_of_orders_before_it() -> None:
    assert model_choice.origins(DAY, DAY - timedelta(days=180), [90]) == [
        DAY - timedelta(days=days) for days in (90, 60, 30)
    ]
    assert model_choice.origins(DAY, DAY - timedelta(days=119), HORIZONS) == []


def test_a_version_is_named_after_its_date_and_data() -> None:
    assert registry.version_name(DAY, "0123456789abcdef") == "2024-06-01-01234567"
