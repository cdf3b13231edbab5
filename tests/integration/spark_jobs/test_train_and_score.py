"""Training and scoring with a real PostgreSQL, a real MLflow registry and a real Spark."""

from __future__ import annotations

import json
from datetime import date, timedelta

import numpy as np
import pandas as pd
import psycopg
import pytest
import simulated_features as sim
from scored_rows import (
    AS_OF,
    RUN,
    check_decisions,
    check_reasons,
    check_record,
    check_rows_against_the_model,
    predictions,
)

from clv.catalog import tables
from clv.core import settings
from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.evaluation import model_checks
from clv.pipeline.tasks import gates, models
from clv.transform import dbt
from clv.warehouse import db, model_choice, registry
from clv.warehouse.model_choice import Choice
from spark_jobs import score, train
from spark_jobs.ensemble import model_files
from spark_jobs.features import outcomes
from spark_jobs.io import session
from spark_jobs.judging.promotion import TUNED
from spark_jobs.scoring.rows import NO_ORDER, NUMBERS


@pytest.fixture
def shop(home: Settings) -> tuple[Settings, pd.DataFrame]:
    """A shop of 800 customers over 19 months, with the model registry beside its warehouse."""
    registry_url = home.database_url("mlflow")
    with psycopg.connect(home.warehouse_url, autocommit=True) as connection:
        connection.execute(f"create database {registry_url.rpartition('/')[2]}")
    registry.setup(home)
    made = sim.orders(800, 590)
    sim.write_orders(made, home)
    return home, made


def check_references(home: Settings, made: pd.DataFrame, choice: model_choice.Choice) -> None:
    """Checks that the model's references are its predictions at the training date."""
    sim.write_features(sim.features(made, choice.training_date), tables.CUSTOMER_FEATURES, home, RUN)
    score.run(choice.training_date, RUN, choice.model_version, settings=home)
    main = "customer_key, predicted_revenue, discount_factor"
    then = f"select {main} from {tables.CUSTOMER_PREDICTIONS} where as_of_date = %s and horizon_days = 365 order by 1"
    expected = db.rows(then, (choice.training_date,), home.warehouse_url)
    referred = f"select {main} from {tables.REFERENCE_PREDICTIONS} where model_version = %s order by 1"
    assert db.rows(referred, (choice.model_version,), home.warehouse_url) == expected
    other_rate = home.with_shop(discount_rate=0.2)
    # The references are written again, with the new rate.
    assert not model_choice.has_references(str(choice.model_version), other_rate)
    db.rows(f"delete from {tables.CUSTOMER_PREDICTIONS} returning 1", url=home.warehouse_url)


def test_a_shop_is_trained_once_and_scored_the_same_each_time(
    shop: tuple[Settings, pd.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    home, made = shop
    choice = model_choice.for_run(AS_OF, settings=home)
    assert choice.training_date == date(2023, 8, 1)
    assert not choice.exists
    sim.write_features(
        sim.examples(made, [*choice.origins, choice.training_date], choice.training_date),
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

    check_references(home, made, choice)
    with monkeypatch.context() as patch:
        patch.setattr(session, "start", None)  # so small a shop is scored without Spark
        score.run(AS_OF, RUN, choice.model_version, settings=home)
    once = predictions(home)
    with db.connect(home.warehouse_url) as connection:  # rows that a killed attempt may have left
        connection.execute(
            f"insert into {tables.CUSTOMER_PREDICTIONS} (as_of_date, run_id, customer_key, horizon_days, status) "
            "values (%s, %s, gen_random_uuid(), 90, 'scored')",
            (AS_OF, RUN),
        )
    with monkeypatch.context() as patch:
        patch.setenv("SPARK_FROM_CUSTOMERS", "0")
        facts = score.run(AS_OF, RUN, choice.model_version, settings=home)
    pd.testing.assert_frame_equal(predictions(home), once, check_exact=True)

    scored = once[once.status == "scored"]
    assert facts["rows"] == len(once) == 4 * (len(found) + 1)
    assert facts["scored"] == len(found) == scored.customer_key.nunique()
    assert once[once.status != "scored"].status_reason.unique().tolist() == [NO_ORDER]
    assert scored[NUMBERS].drop(columns="days_to_next_order").notna().all().all()
    assert (scored.p_purchase <= scored.p_alive).all()
    check_decisions(home, scored)
    check_reasons(scored, facts["explained"])
    check_rows_against_the_model(home, choice.model_version, scored, found)
    check_record(home, choice)

    # The same data give the same model, byte for byte. With `force` it is registered again.
    files = registry.files(choice.model_version, home)
    learned = {path.name: path.read_bytes() for path in files.iterdir()}
    assert {f"{window}-{name}.json" for window in (90, 180, 365) for name in ("total", "buy", "spend")} < set(learned)
    again = train.run(choice.training_date, RUN, force=True, settings=home)
    assert again["number"] == first["number"] + 1
    files = registry.files(choice.model_version, home)
    assert {path.name: path.read_bytes() for path in files.iterdir()} == learned

    with pytest.raises(RuntimeError, match="changed while training was prepared"):
        train.run(choice.training_date, RUN, "0" * 64, settings=home)


def test_a_model_of_data_that_changed_meanwhile_is_not_registered(
    shop: tuple[Settings, pd.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    home, _ = shop
    choice = model_choice.for_run(AS_OF, settings=home)

    def fit(*_: object) -> tuple[None, None]:
        with db.connect(home.warehouse_url) as connection:
            connection.execute(f"delete from {tables.INT_CUSTOMER_DAYS} where day = %s", (sim.FIRST_DAY,))
        return None, None

    monkeypatch.setattr(train, "fit", fit)
    assert choice.training_date
    with pytest.raises(RuntimeError, match="changed while training was prepared"):
        train.run(choice.training_date, RUN, choice.data_digest, settings=home)
    assert registry.find(choice.training_date, choice.data_digest or "", home) is None


def test_learners_find_nothing_in_shuffled_outcomes(shop: tuple[Settings, pd.DataFrame]) -> None:
    home, made = shop
    day = date(2023, 8, 1)
    rows = sim.examples(made, [*model_choice.training_origins(day, home), day], day)
    rng = np.random.default_rng(0)
    for _, group in rows.groupby("as_of_date"):
        shuffled = rng.permutation(group.index)
        for followed in ("orders_next", "revenue_next"):
            rows.loc[group.index, followed] = rows.loc[shuffled, followed].to_numpy()
    sim.write_features(rows, tables.TRAINING_EXAMPLES, home, RUN, day)
    _, record = train.fit(home, day, RUN, "canary")
    # Held-out customers are never learned from. If they were, even shuffled outcomes would be ranked far better than by
    # chance.
    assert record.holdouts[90] == [(day - timedelta(days=days)).isoformat() for days in (120, 90)]
    for horizon in (90, 180):
        assert record.metrics[f"{horizon}.ours.auc"] == pytest.approx(0.5, abs=0.07)


def test_a_window_that_is_still_open_cannot_be_learned_from(shop: tuple[Settings, pd.DataFrame]) -> None:
    home, made = shop
    day = date(2023, 8, 1)
    origin = day - timedelta(days=89)
    rows = sim.examples(made, [origin], day + timedelta(days=1))  # as if trained a day later, when 90 days are over
    sim.write_features(rows, tables.TRAINING_EXAMPLES, home, RUN, day)
    with pytest.raises(ClvError, match=f"the 90 days from {origin}, which are not over by {day}"):
        outcomes.refuse_open_windows(day, RUN, home)
    db.rows(f"update {tables.TRAINING_EXAMPLES} set orders_next = '{{}}', revenue_next = '{{}}' returning 1")
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
    """Returns the settings of the home with 90 days as the only horizon, so that there is one window to learn."""
    (home.home / "shop.json").write_text(json.dumps({"horizons": [90], **shop}))
    return settings.load(home.home)


def write_examples(made: pd.DataFrame, choice: Choice, home: Settings) -> None:
    assert choice.training_date
    examples = sim.examples(made, [*choice.origins, choice.training_date], choice.training_date)
    sim.write_features(examples, tables.TRAINING_EXAMPLES, home, RUN, choice.training_date)


def test_a_training_on_a_gpu_is_refused_without_one_and_would_be_another_model(
    shop: tuple[Settings, pd.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    home, _ = shop
    usual = model_choice.data_digest(AS_OF, home)
    monkeypatch.setenv("CLV_TRAINING_DEVICE", "cuda")
    choice = model_choice.for_run(AS_OF, settings=home)
    assert choice.training_date
    assert model_choice.data_digest(AS_OF, home) != usual
    with pytest.raises(ClvError, match=r"CLV_TRAINING_DEVICE is cuda, but the XGBoost on \S+ was built without CUDA"):
        train.run(choice.training_date, RUN, choice.data_digest, settings=home)
    assert registry.find(choice.training_date, choice.data_digest or "", home) is None


def test_parameters_are_searched_once_and_promoted_only_by_decision(shop: tuple[Settings, pd.DataFrame]) -> None:
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
    contestants = db.rows(f"select contestant from {tables.MODEL_DECISIONS}", url=home.warehouse_url)
    assert ((TUNED,) in contestants) == any(one["better"] for one in found.values())

    # The model keeps the found parameters, so training on the same data again does not search again.
    train.run(choice.training_date, RUN, force=True, settings=home)
    files = registry.files(registry.version_name(choice.training_date, choice.data_digest or ""), home)
    assert {path.name: path.read_bytes() for path in files.iterdir()} == learned


def test_a_drifted_model_is_replaced_by_that_of_the_week(
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
    monkeypatch.setattr(gates, "require_judged", lambda *_: None)
    sim.write_features(sim.features(made, AS_OF), tables.CUSTOMER_FEATURES, home, RUN)
    facts = models.train(AS_OF, RUN)
    assert (facts["training_date"], facts["checks"], facts["failed_checks"]) == ("2023-08-01", 4, [])

    # Order values have tripled since the model was trained. On the 10th, the model of the 8th replaces it.
    other_rate = sim.features(made.assign(amount=3 * made.amount), AS_OF)
    sim.write_features(other_rate, tables.CUSTOMER_FEATURES, home, "2023-08-10.2")
    facts = models.train(AS_OF, "2023-08-10.2")
    assert facts["training_date"] == "2023-08-08"
    assert facts["trained"]
    assert "drift of order_value_mean" in str(facts["failed_checks"])
    again = models.train(AS_OF, "2023-08-10.2")
    assert (again["model_version"], again["trained"]) == (facts["model_version"], False)
    assert built == ["2023-08-01", "2023-08-08"]
    query = f"select count(*), bool_and(passed) from {tables.MODEL_CHECKS} where run_id = %s"
    assert db.rows(query, (RUN,), home.warehouse_url) == [(4, True)]
    assert db.rows(query, ("2023-08-10.2",), home.warehouse_url) == [(4, False)]

    # A published forecast that missed is reported, but changes no rows, because runs in another order would not have
    # met it.
    missed = model_checks.Check("matured total, 90 days", 1.0, 1.5, False, 2.0, date(2023, 5, 1))
    monkeypatch.setattr(model_checks, "run", lambda *_: [missed])
    facts = models.train(AS_OF, RUN)
    assert (facts["training_date"], facts["trained"], facts["failed_checks"]) == ("2023-08-01", False, [str(missed)])
