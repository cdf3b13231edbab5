"""What training and scoring write, and checks of it."""

from __future__ import annotations

import json
from datetime import date

import pandas as pd
import pytest

from clv.catalog import tables
from clv.core.declared import CONTESTANTS, OURS
from clv.core.settings import Settings
from clv.warehouse import db, model_choice, registry
from clv.warehouse.model_choice import Choice
from spark_jobs.ensemble import forecast, model_files, shop_history
from spark_jobs.features.columns import FEATURE_COLUMNS
from spark_jobs.models import anchor

AS_OF = date(2023, 8, 10)
RUN = "2023-08-10.1"
KEY = "customer_key, horizon_days"


def predictions(home: Settings) -> pd.DataFrame:
    """Returns the written predictions, ordered by key, without the audit columns."""
    with db.connect(home.warehouse_url) as connection:
        cursor = connection.execute(f"select * from {tables.CUSTOMER_PREDICTIONS} order by {KEY}")
        return pd.DataFrame(cursor.fetchall(), columns=[column.name for column in cursor.description or []])


def effect(reasons: list[dict]) -> float:
    return sum(reason["effect"] for reason in reasons)


def check_decisions(home: Settings, scored: pd.DataFrame) -> None:
    """Checks that every contestant is judged at every horizon with enough holdouts, and that the published one follows
    from the figures."""
    query = f"select horizon_days, contestant, published from {tables.MODEL_DECISIONS} order by 1"
    decisions = db.rows(query, url=home.warehouse_url)
    assert {90, 180} <= {days for days, _, _ in decisions}  # the holdouts of 365 days may have too few examples
    assert {name for _, name, _ in decisions} == set(CONTESTANTS)
    detail = f"""
        select
            abs(decided.normalized_gini - avg(measured.value)) < 1e-9,
            decided.published = bool_and(measured.published)
        from {tables.MODEL_DECISIONS} as decided
        join {tables.MODEL_BACKTEST} as measured using (model_version, horizon_days, contestant)
        where measured.metric = 'normalized_gini'
        group by decided.model_version, decided.horizon_days, decided.contestant
    """
    assert db.rows(detail, url=home.warehouse_url) == [(True, True)] * len(decisions)
    published = {days: name for days, name, is_published in decisions if is_published}
    bases = scored.groupby("horizon_days").basis.first().to_dict()
    for days in (90, 180, 365):
        name = published.get(days, OURS)
        assert bases[days] == ("trained" if name == OURS else f"baseline {name}")
    assert bases[1825].startswith("extended from 365 days")


def check_reasons(scored: pd.DataFrame, explained: dict[str, float]) -> None:
    """Checks that only the main horizon has reasons, at most three, and that the share of customers whom they explain
    is as counted here."""
    main = scored[scored.horizon_days == 365]
    for given_reasons in (main.reasons, main.risk_reasons):
        assert given_reasons.map(len).max() == 3
        assert all(reason["effect"] != 0 for reasons in given_reasons for reason in reasons)
        assert scored[scored.horizon_days != 365][given_reasons.name].isna().all()
    assert min(explained.values()) > 0.9
    worth = main.predicted_revenue * main.discount_factor
    named = main.reasons.map(effect) * main.discount_factor
    outweighs = (worth - worth.mean() - named).abs() < named.abs()
    assert explained["value"] == pytest.approx(outweighs.mean(), abs=1e-4)


def check_rows_against_the_model(home: Settings, model_version: str, scored: pd.DataFrame, found: pd.DataFrame) -> None:
    """Checks that Spark's executors wrote the forecasts and personas that the model gives here for all customers at
    once."""
    main = scored[scored.horizon_days == 365]
    model = model_files.load(registry.files(model_version, home))
    columns = {name: found[name].to_numpy(float) for name in FEATURE_COLUMNS}
    fit, daily = anchor.fit_origin(columns), shop_history.daily_revenue(AS_OF, home.warehouse_url)
    common = forecast.settings_of(model, fit, columns, daily, AS_OF)
    forecasts = forecast.forecast(model, fit, columns, common, home.shop.discount_rate)
    assert main.predicted_revenue.to_numpy() == pytest.approx(forecasts[365].revenue, abs=1e-3)
    assert main.p_purchase.to_numpy() == pytest.approx(forecasts[365].p_purchase, abs=1e-5)
    days = forecasts[365].days_to_next_order
    assert main.days_to_next_order.to_numpy(float) == pytest.approx(days, abs=1, nan_ok=True)
    assert main.days_to_next_order.notna().any()
    assert set(main.total_spread) == {forecasts[365].total_spread}

    assert model.personas is not None
    assert 2 <= len(set(model.personas.names)) == len(model.personas.centres) <= 8
    assert main.persona.tolist() == model.personas.of(columns)
    assert scored[scored.horizon_days != 365].persona.isna().all()


def check_record(home: Settings, choice: Choice) -> None:
    """Checks that the model's record has the weights of each way to blend, and that the way is part of what a model's
    name depends on."""
    record = json.loads((registry.files(choice.model_version, home) / "model.json").read_text())["record"]
    assert record["blend"] == "weighted"
    for window, weights in record["weights"].items():
        way = record["blends"][window]["weighted"]
        assert (way["value_weights"], way["chance_weights"]) == (weights["value"], weights["chance"])
    assert {"weighted", "voting", "stacking"} == set(record["blends"]["90"])
    stacked = home.with_shop(blend="stacking")
    assert model_choice.data_digest(choice.training_date, stacked) != choice.data_digest
