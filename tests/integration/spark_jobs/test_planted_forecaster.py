"""A forecaster planted in a separate folder is judged, published, scored and read back, without a change to any other
file."""

from __future__ import annotations

import json
from datetime import timedelta
from logging import WARNING
from pathlib import Path

import planted_forecaster
import psycopg
import pytest
import simulated_features as sim
from scored_rows import RUN, predictions

from clv.catalog import tables
from clv.core import settings
from clv.core.declared import OURS
from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.warehouse import db, model_choice, registry
from expectations import gates
from spark_jobs import score, train
from spark_jobs.ensemble import model_files
from spark_jobs.ensemble.parts import predicted
from spark_jobs.features.columns import FEATURE_COLUMNS
from spark_jobs.models import registry as forecasters
from spark_jobs.models.forecaster import Customers

NAME = planted_forecaster.NAME


FAILING = "fails_to_predict"


def with_it_first(home: Settings) -> Settings:
    """Returns the settings of the home with 90 days as the only horizon and two planted contestants: one that fails,
    and the guide's."""
    (home.home / "shop.json").write_text(json.dumps({"horizons": [90], "contestants": [FAILING, NAME]}))
    return settings.load(home.home)


def test_a_planted_forecaster_is_published_if_the_shop_names_it(
    home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    registry_url = home.database_url("mlflow")
    with psycopg.connect(home.warehouse_url, autocommit=True) as connection:
        connection.execute(f"create database {registry_url.rpartition('/')[2]}")
    registry.setup(home)
    made = sim.orders(600, 500)
    sim.write_orders(made, home)
    as_of = sim.FIRST_DAY + timedelta(days=490)
    unnamed = model_choice.data_digest(as_of, home)

    path = planted_forecaster.plant(tmp_path / "mine", monkeypatch)
    failing = path.read_text().replace(f'"{NAME}"', f'"{FAILING}"').replace("customers.columns", "customers.nothing")
    planted_forecaster.plant(tmp_path / "mine", monkeypatch, FAILING, failing)
    home = with_it_first(home)
    assert model_choice.data_digest(as_of, home) != unnamed  # other contestants make another model
    choice = model_choice.for_run(as_of, settings=home)
    assert choice.training_date
    examples = sim.examples(made, [*choice.origins, choice.training_date], choice.training_date)
    sim.write_features(examples, tables.TRAINING_EXAMPLES, home, RUN, choice.training_date)
    found = sim.features(made, as_of)
    sim.write_features(found, tables.CUSTOMER_FEATURES, home, RUN)
    train.run(choice.training_date, RUN, choice.data_digest, settings=home)

    # One warning names the forecaster that fails, and the other one is published.
    (left_out,) = [text for name, level, text in caplog.record_tuples if (name, level) == ("clv.forecasters", WARNING)]
    assert left_out.startswith(f"the forecaster {FAILING} failed to predict (AttributeError: 'Customers' object has no")

    # The planted forecaster is in model_backtest beside the blend, at each holdout.
    query = f"select contestant, published, count(distinct origin) from {tables.MODEL_BACKTEST} group by 1, 2"
    assert set(db.rows(query, url=home.warehouse_url)) == {(OURS, False, 2), (NAME, True, 2)}

    facts = score.run(as_of, RUN, choice.model_version, settings=home)
    rows = predictions(home)
    own = rows[rows.horizon_days == 90]
    assert set(own.status) == {"scored"}
    assert set(own.basis) == {f"baseline {NAME}"}
    assert facts["basis"]["1825"] == f"extended from 90 days of baseline {NAME}"

    # The model's files, read back, predict the written rows.
    model = model_files.load(registry.files(str(choice.model_version), home))
    columns = {name: found[name].to_numpy(float) for name in FEATURE_COLUMNS}
    money = predicted(NAME, model.trained[90].fitted, Customers(columns, 90))
    assert own.predicted_revenue.to_numpy() == pytest.approx(money.clip(1e-9, model.trained[90].cap), abs=1e-3)
    assert (own.predicted_p10 <= own.predicted_revenue).all()
    assert own.predicted_p90.max() > own.predicted_revenue.max()
    given_reasons = [reason["reason"] for reasons in own.reasons for reason in reasons]
    assert any("orders of " in words and "on average" in words for words in given_reasons)
    assert gates.judge("predictions", as_of, RUN, lambda _: tmp_path / "page.html")["warnings"] == []

    # Other code makes another model. If the forecaster fails on one of Spark's workers, the run ends with one line.
    path.write_text(path.read_text().replace("columns = customers.columns", "raise OSError('no money today')"))
    assert model_choice.data_digest(choice.training_date, home) != choice.data_digest
    monkeypatch.setenv("SPARK_FROM_CUSTOMERS", "0")
    with pytest.raises(ClvError) as stopped:
        score.run(as_of, RUN, choice.model_version, settings=home)
    words = f"the forecaster {NAME} failed to predict (OSError: no money today); correct {path}, or take {NAME} out of"
    assert str(stopped.value) == f"{words} contestants in shop.json"


def test_auto_tries_the_forecasters_that_its_minutes_allow(
    home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = sim.orders(600, 400)
    sim.write_orders(made, home)
    day = sim.FIRST_DAY + timedelta(days=390)
    planted_forecaster.plant(tmp_path / "mine", monkeypatch)
    (home.home / "shop.json").write_text('{"horizons": [90], "contestants": "auto", "auto_minutes": 0}')
    home = settings.load(home.home)
    origins = model_choice.training_origins(day, home)
    sim.write_features(sim.examples(made, origins, day), tables.TRAINING_EXAMPLES, home, RUN, day)
    model, record = train.fit(home, day, RUN, "a model")
    # The planted forecaster declares no cost, and each of the product's own one above 0.
    assert record.contestants["tried"] == [OURS, NAME]
    assert record.contestants["left_out_for_time"].keys() == set(forecasters.listed("auto")) - {OURS, NAME}
    assert record.contestants["published"] == {90: model.trained[90].published}
    assert {row["contestant"] for row in record.decisions} == {OURS, NAME}
