from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from clv.core import settings
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


@pytest.mark.parametrize(
    ("unmet", "reason", "trained_for", "computed_for"),
    [
        ({}, None, date(2024, 6, 1), [date(2024, 6, 1)]),
        ({date(2024, 6, 1)}, None, date(2024, 6, 9), [date(2024, 6, 1), date(2024, 6, 9)]),
        ({date(2024, 6, 1), date(2024, 6, 9)}, "too few", None, [date(2024, 6, 1), date(2024, 6, 9)]),
    ],
)
def test_the_requirements_are_computed_for_the_date_only_if_unmet_by_the_month(
    unmet: set[date],
    reason: str | None,
    trained_for: date | None,
    computed_for: list[date],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    days = []

    def requirement(day: date, _: object) -> str | None:
        days.append(day)
        return "too few" if day in unmet else None

    monkeypatch.setattr(model_choice, "unmet_requirement", requirement)
    monkeypatch.setattr(model_choice, "_choice", lambda day, *_: model_choice.Choice(day))
    monkeypatch.setattr(registry, "newest_forced", lambda *_: None)
    choice = model_choice.for_run(date(2024, 6, 9), settings=settings.load())
    assert (choice.status_reason, choice.training_date, days) == (reason, trained_for, computed_for)


def test_own_contestants_are_part_of_a_model_and_with_auto_all_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("mine", "other", "_shared"):
        (tmp_path / f"{name}.py").write_text("")
    monkeypatch.setenv("CLV_FORECASTERS", str(tmp_path))
    assert model_choice.own_forecasters(["perennial", "mine"]).keys() == {"mine"}
    assert model_choice.own_forecasters("auto").keys() == {"mine", "other"}
