"""Training and scoring with a real PostgreSQL, a real MLflow registry and a real Spark."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import psycopg
import pytest
import simulated_features as sim

from clv import dbt, model_checks, model_choice, pipeline, registry, settings, tables, warehouse
from clv.errors import ClvError
from clv.model_choice import Choice
from clv.settings import Settings
from spark_jobs import anchor, forecast, learning, model_files, outcomes, score, session, train, warehouse_io
from spark_jobs.columns import FEATURE_COLUMNS
from spark_jobs.promotion import CELLS, OURS, RIVALS, TUNED

AS_OF = date(2023, 8, 10)
RUN = "2023-08-10.1"
KEY = "customer_key, horizon_days"


@pytest.fixture
def shop(home: Settings) -> tuple[Settings, pd.DataFrame]:
    """A shop of 800 customers over 19 months, with the registry beside its warehouse."""
    registry_url = home.database_url("mlflow")
    with psycopg.connect(home.warehouse_url, autocommit=True) as connection:
        connection.execute(f"create database {registry_url.rpartition('/')[2]}")
    registry.setup(home)
    made = sim.orders(800, 590)
    sim.write_orders(made, home)
    return home, made


def predictions(home: Settings) -> pd.DataFrame:
    """What was written, in the order of its key, without the audit columns."""
    with warehouse.connect(home.warehouse_url) as connection:
        cursor = connection.execute(f"select * from {tables.CUSTOMER_PREDICTIONS} order by {KEY}")
        return pd.DataFrame(cursor.fetchall(), columns=[column.name for column in cursor.description or []])


def effect(reasons: list[dict]) -> float:
    return sum(reason["effect"] for reason in reasons)


def test_a_shop_is_trained_once_and_scored_the_same_each_time(shop: tuple[Settings, pd.DataFrame]) -> None:
    home, made = shop
    choice = model_choice.for_run(AS_OF, settings=home)
    assert choice.training_date == date(2023, 8, 1)
    assert not choice.exists
    sim.write_features(
        sim.examples(made, choice.origins, choice.training_date),
        tables.TRAINING_EXAMPLES, home, RUN, choice.training_date,
    )  # fmt: skip
    found = sim.features(made, AS_OF)
    returned = found.head(1).assign(customer_key="00000000-0000-0000-0000-000000000001", days_with_orders=0, t=np.nan)
    sim.write_features(pd.concat([found, returned]), tables.CUSTOMER_FEATURES, home, RUN)

    first = train.run(choice.training_date, RUN, choice.data_digest, settings=home)
    assert first["trained"]
    assert first["model_version"] == choice.model_version
    assert model_choice.for_run(AS_OF, settings=home).exists
    assert {path.suffix for path in home.models.rglob("*") if path.is_file()} == {".json"}
    assert not train.run(choice.training_date, RUN, settings=home)["trained"]

    score.run(AS_OF, RUN, choice.model_version, settings=home)
    once = predictions(home)
    with warehouse.connect(home.warehouse_url) as connection:  # what a killed try may have left
        connection.execute(
            f"insert into {tables.CUSTOMER_PREDICTIONS} (as_of_date, run_id, customer_key, horizon_days, status) "
            "values (%s, %s, gen_random_uuid(), 90, 'scored')",
            (AS_OF, RUN),
        )
    facts = score.run(AS_OF, RUN, choice.model_version, settings=home)
    pd.testing.assert_frame_equal(predictions(home), once)

    scored = once[once.status == "scored"]
    assert facts["rows"] == len(once) == 4 * (len(found) + 1)
    assert facts["scored"] == len(found) == scored.customer_key.nunique()
    assert once[once.status != "scored"].status_reason.unique().tolist() == [score.NO_ORDER]
    assert scored[score.NUMBERS].drop(columns="days_to_next_order").notna().all().all()
    assert (scored.p_purchase <= scored.p_alive).all()
    query = f"select horizon_days, contestant, published from {tables.MODEL_DECISIONS} order by 1"
    decisions = warehouse.rows(query, url=home.warehouse_url)
    assert {90, 180} <= {days for days, _, _ in decisions}  # the year's held-back origins had too little to learn from
    assert {name for _, name, _ in decisions} == {OURS, *RIVALS, CELLS}
    detail = f"""
        select
            abs(decided.normalized_gini - avg(measured.value)) < 1e-9,
            decided.published = bool_and(measured.published)
        from {tables.MODEL_DECISIONS} as decided
        join {tables.MODEL_BACKTEST} as measured using (model_version, horizon_days, contestant)
        where measured.metric = 'normalized_gini'
        group by decided.model_version, decided.horizon_days, decided.contestant
    """
    assert warehouse.rows(detail, url=home.warehouse_url) == [(True, True)] * len(decisions)
    published = {days: name for days, name, is_published in decisions if is_published}
    bases = scored.groupby("horizon_days").basis.first().to_dict()
    for days in (90, 180, 365):
        name = published.get(days, OURS)
        assert bases[days] == ("trained" if name == OURS else f"baseline {name}")
    assert bases[1825].startswith("extended from 365 days")
    main = scored[scored.horizon_days == 365]
    for told in (main.reasons, main.risk_reasons):
        assert told.map(len).max() == 3
        assert all(reason["effect"] != 0 for reasons in told for reason in reasons)
        assert scored[scored.horizon_days != 365][told.name].isna().all()
    assert min(facts["explained"].values()) > 0.9
    worth = main.predicted_revenue * main.discount_factor
    named = main.reasons.map(effect) * main.discount_factor
    outweighs = (worth - worth.mean() - named).abs() < named.abs()
    assert facts["explained"]["value"] == pytest.approx(outweighs.mean(), abs=1e-4)

    # Executors say what the model says here, on one array.
    model = model_files.load(registry.files(choice.model_version, home))
    columns = {name: found[name].to_numpy(float) for name in FEATURE_COLUMNS}
    fit, daily = anchor.fit_origin(columns), warehouse_io.daily_revenue(AS_OF, home.warehouse_url)
    common = forecast.settings_of(model, fit, columns, daily, AS_OF)
    said = forecast.forecast(model, fit, columns, common, home.shop["discount_rate"])
    assert main.predicted_revenue.to_numpy() == pytest.approx(said[365].revenue, abs=1e-3)
    assert main.p_purchase.to_numpy() == pytest.approx(said[365].p_purchase, abs=1e-5)
    assert main.days_to_next_order.to_numpy(float) == pytest.approx(said[365].days_to_next_order, abs=1, nan_ok=True)
    assert main.days_to_next_order.notna().any()
    assert set(main.total_spread) == {said[365].total_spread}

    # So do they of personas, which go with the model.
    assert model.personas is not None
    assert 2 <= len(set(model.personas.names)) == len(model.personas.centres) <= 8
    assert main.persona.tolist() == model.personas.of(columns)
    assert scored[scored.horizon_days != 365].persona.isna().all()

    record = json.loads((registry.files(choice.model_version, home) / "model.json").read_text())["record"]
    assert record["blend"] == "weighted"
    for window, weights in record["weights"].items():
        way = record["blends"][window]["weighted"]
        assert (way["value_weights"], way["chance_weights"]) == (weights["value"], weights["chance"])
    assert {"weighted", "voting", "stacking"} == set(record["blends"]["90"])
    stacked = replace(home, shop={**home.shop, "blend": "stacking"})
    assert model_choice.data_digest(choice.training_date, stacked) != choice.data_digest

    # The same data give the same model, to the byte, and it is registered anew when asked for by force.
    files = registry.files(choice.model_version, home)
    learned = {path.name: path.read_bytes() for path in files.iterdir()}
    assert {f"{window}-{name}.json" for window in (90, 180, 365) for name in ("total", "buy", "spend")} < set(learned)
    again = train.run(choice.training_date, RUN, force=True, settings=home)
    assert again["number"] == first["number"] + 1
    files = registry.files(choice.model_version, home)
    assert {path.name: path.read_bytes() for path in files.iterdir()} == learned

    with pytest.raises(RuntimeError, match="changed while training was prepared"):
        train.run(choice.training_date, RUN, "0" * 64, settings=home)


def test_learners_find_nothing_in_outcomes_that_were_shuffled(shop: tuple[Settings, pd.DataFrame]) -> None:
    home, made = shop
    day = date(2023, 8, 1)
    rows = sim.examples(made, model_choice.training_origins(day, home), day)
    rng = np.random.default_rng(0)
    for _, group in rows.groupby("as_of_date"):
        shuffled = rng.permutation(group.index)
        for followed in ("orders_next", "revenue_next"):
            rows.loc[group.index, followed] = rows.loc[shuffled, followed].to_numpy()
    sim.write_features(rows, tables.TRAINING_EXAMPLES, home, RUN, day)
    spark = session.start("canary", home)
    try:
        _, record = train.fit(spark, home, day, RUN, "canary")
        features = train.read(spark, home, day, RUN)
        assert features is not None
        data, rows, workers = learning.ordered(learning.build_examples(features, learning.fit_origins(features, [90])))
        assert rows == data.count() > 0
        assert workers == 1
        assert learning.train(data, [], 90, 1) is None  # nothing had closed
    finally:
        spark.stop()
    # Held-back customers are never learned from: in-sample, shuffled outcomes would be ranked far above chance.
    assert record["held_back"][90] == [(day - timedelta(days=days)).isoformat() for days in (120, 90)]
    for horizon in (90, 180):
        assert record["metrics"][f"{horizon}.ours.auc"] == pytest.approx(0.5, abs=0.07)


def test_a_window_that_is_still_open_cannot_be_learned_from(shop: tuple[Settings, pd.DataFrame]) -> None:
    home, made = shop
    day = date(2023, 8, 1)
    origin = day - timedelta(days=89)
    rows = sim.examples(made, [origin], day + timedelta(days=1))  # as if trained a day later: 90 days are over then
    sim.write_features(rows, tables.TRAINING_EXAMPLES, home, RUN, day)
    with pytest.raises(ClvError, match=f"the 90 days from {origin}, which are not over by {day}"):
        outcomes.refuse_open_windows(day, RUN, home)
    warehouse.rows(f"update {tables.TRAINING_EXAMPLES} set orders_next = '{{}}', revenue_next = '{{}}' returning 1")
    outcomes.refuse_open_windows(day, RUN, home)


def test_a_shop_with_too_little_data_gets_a_reason_and_no_forecast(home: Settings) -> None:
    made = sim.orders(30, 120)
    sim.write_orders(made, home)
    day = sim.FIRST_DAY + timedelta(days=120)
    choice = model_choice.for_run(day, settings=home)
    assert choice.model_version is None
    assert choice.status_reason is not None
    assert "days of orders before" in choice.status_reason
    sim.write_features(sim.features(made, day), tables.CUSTOMER_FEATURES, home, "another run")
    with pytest.raises(ClvError, match="build the layer 'features' first"):
        score.run(day, RUN, "none", choice.status_reason, home)
    sim.write_features(sim.features(made, day), tables.CUSTOMER_FEATURES, home, RUN)
    for _ in range(2):
        facts = score.run(day, RUN, "none", choice.status_reason, home)
    written = predictions(home)
    assert facts["rows"] == len(written)
    assert written.status_reason.unique().tolist() == [choice.status_reason]
    assert written.predicted_revenue.isna().all()


def only_90_days(home: Settings, **shop: object) -> Settings:
    """The home with 90 days as its only horizon: one window to learn."""
    (home.home / "shop.json").write_text(json.dumps({"horizons": [90], **shop}))
    return settings.load(home.home)


def write_examples(made: pd.DataFrame, choice: Choice, home: Settings) -> None:
    assert choice.training_date
    examples = sim.examples(made, choice.origins, choice.training_date)
    sim.write_features(examples, tables.TRAINING_EXAMPLES, home, RUN, choice.training_date)


def test_parameters_are_searched_for_once_and_take_over_only_by_decision(shop: tuple[Settings, pd.DataFrame]) -> None:
    home, made = shop
    usual = model_choice.data_digest(AS_OF, home)
    home = only_90_days(home, tune_minutes=0.01, tune_search="random")
    choice = model_choice.for_run(AS_OF, settings=home)
    assert choice.training_date
    assert model_choice.data_digest(AS_OF, home) != usual
    write_examples(made, choice, home)
    train.run(choice.training_date, RUN, choice.data_digest, settings=home)
    files = registry.files(registry.version_name(choice.training_date, choice.data_digest or ""), home)
    learned = {path.name: path.read_bytes() for path in files.iterdir()}
    found = model_files.record(files)["tuning"]
    assert set(found) == {"total", "buy", "spend"}
    contestants = warehouse.rows(f"select contestant from {tables.MODEL_DECISIONS}", url=home.warehouse_url)
    assert ((TUNED,) in contestants) == any(one["better"] for one in found.values())

    # The parameters are kept with the model: training the same data anew does not search again.
    train.run(choice.training_date, RUN, force=True, settings=home)
    files = registry.files(registry.version_name(choice.training_date, choice.data_digest or ""), home)
    assert {path.name: path.read_bytes() for path in files.iterdir()} == learned


def test_a_model_that_does_not_hold_gives_way_to_that_of_the_week(
    shop: tuple[Settings, pd.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    home, made = shop
    home = only_90_days(home)
    built: list[str] = []

    def build(layer: str, variables: dict, _: Settings) -> dict:
        built.append(variables["training_date"])
        day = date.fromisoformat(variables["training_date"])
        examples = sim.examples(made, map(date.fromisoformat, variables["origins"]), day)
        sim.write_features(examples, tables.TRAINING_EXAMPLES, home, variables["run_id"], day)
        return {"staging": "as judged"}

    monkeypatch.setattr(dbt, "build", build)
    monkeypatch.setattr(pipeline, "_judge_what_was_used", lambda *_: None)
    sim.write_features(sim.features(made, AS_OF), tables.CUSTOMER_FEATURES, home, RUN)
    facts = pipeline.train(AS_OF, RUN)
    assert (facts["training_date"], facts["checks"], facts["failed_checks"]) == ("2023-08-01", 4, [])

    # Order values tripled since the model was trained: on the 10th, that of the 8th takes its place.
    dearer = sim.features(made.assign(amount=3 * made.amount), AS_OF)
    sim.write_features(dearer, tables.CUSTOMER_FEATURES, home, "2023-08-10.2")
    facts = pipeline.train(AS_OF, "2023-08-10.2")
    assert facts["training_date"] == "2023-08-08"
    assert facts["trained"]
    assert "drift of order_value_mean" in str(facts["failed_checks"])
    again = pipeline.train(AS_OF, "2023-08-10.2")
    assert (again["model_version"], again["trained"]) == (facts["model_version"], False)
    assert built == ["2023-08-01", "2023-08-08"]
    query = f"select count(*), bool_and(passed) from {tables.MODEL_CHECKS} where run_id = %s"
    assert warehouse.rows(query, (RUN,), home.warehouse_url) == [(4, True)]
    assert warehouse.rows(query, ("2023-08-10.2",), home.warehouse_url) == [(4, False)]

    # A published forecast that missed is told. It changes no rows: another order of runs would not have met it.
    missed = model_checks.Check("matured total, 90 days", 1.0, 1.5, False, 2.0, date(2023, 5, 1))
    monkeypatch.setattr(model_checks, "run", lambda *_: [missed])
    facts = pipeline.train(AS_OF, RUN)
    assert (facts["training_date"], facts["trained"], facts["failed_checks"]) == ("2023-08-01", False, [str(missed)])
