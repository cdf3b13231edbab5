"""A shop that names a deep model, from a plain file to the published tables and pages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from faults import shop as shops

from clv.catalog import tables
from clv.core import settings
from clv.core.declared import OURS
from clv.core.settings import Settings
from clv.pipeline import daily
from clv.warehouse import db
from spark_jobs import baselines, score
from spark_jobs.models import registry as forecasters
from spark_jobs.models.deep.networks import fitted
from spark_jobs.models.deep.networks.apart import Schedule

pytestmark = pytest.mark.set_up

pytest.importorskip("jax", reason="JAX is not installed: the extra `deep`")

PREDICTIONS = f"select * from {tables.CUSTOMER_PREDICTIONS} order by customer_key, horizon_days"
NAME = "ziln_cnn"


@pytest.fixture(scope="module")
def run(module_home: Settings) -> tuple[Settings, str]:
    """The home after the daily run of one date, and the run's id. The deep model is the only contestant. Its trainings
    are short, of one seed."""
    shops.set_up(module_home, 400)
    (module_home.home / "shop.json").write_text(json.dumps({**shops.SHOP, "contestants": [NAME]}))
    home = settings.load(module_home.home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fitted, "SEQUENCE_SCHEDULE", Schedule(steps=40, batch=128, every=20, stop_after=2))
        patch.setattr(fitted, "SEEDS", 1)
        return home, daily.run(shops.AS_OF)


def test_it_is_judged_beside_the_blend_and_published_as_the_record_says(run: tuple[Settings, str]) -> None:
    query = f"select contestant, published, rmse > 0 from {tables.MODEL_DECISIONS} order by 1"
    assert db.rows(query) == [(OURS, False, True), (NAME, True, True)]
    bases = db.rows(f"select distinct basis from {tables.CUSTOMER_PREDICTIONS} where horizon_days = 30")
    assert bases == [(f"baseline {NAME}",)]


def test_readers_see_a_forecast_whose_reasons_add_up_and_name_what_it_rests_on(run: tuple[Settings, str]) -> None:
    _, run_id = run
    assert db.rows(f"select run_id from {tables.PUBLICATIONS}") == [(run_id,)]
    query = """
        select status, min(predicted_clv) > 0, count(*) > 200, bool_and(
            predicted_clv = reasons_start + reasons_rest
            + coalesce((select sum((one -> 'effect')::numeric) from jsonb_array_elements(reasons) as one), 0)
        ) from analytics.customer_clv group by 1
    """
    assert db.rows(query) == [("scored", True, True, True)]
    ((reasons,),) = db.rows("select reasons from analytics.customer_clv order by customer_key limit 1")
    assert [forecasters.named(NAME).RESTS_ON in reason["reason"] for reason in reasons] == [True]


def test_the_pages_of_the_date_are_written(run: tuple[Settings, str]) -> None:
    home, run_id = run
    query = f"select facts ->> 'page' from {tables.TASK_LOG} where run_id = %s and task = 'report'"
    ((page,),) = db.rows(query, (run_id,))
    assert "<html" in Path(page).read_text()
    assert Path(page).is_relative_to(home.home)


def test_scoring_on_spark_and_baselines_read_the_same_sequences(
    run: tuple[Settings, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    home, run_id = run
    ((version, training_date),) = db.rows(f"select distinct model_version, training_date from {tables.MODEL_DECISIONS}")
    once = db.rows(PREDICTIONS)
    monkeypatch.setenv("SPARK_FROM_CUSTOMERS", "0")
    score.run(shops.AS_OF, run_id, version, settings=home)
    assert db.rows(PREDICTIONS) == once

    short = Schedule(steps=20, batch=128, every=20)
    monkeypatch.setattr(fitted, "SEQUENCE_SCHEDULE", short)
    monkeypatch.setattr(fitted, "SEEDS", 1)
    monkeypatch.setattr(baselines, "names", lambda _: [NAME])
    facts = baselines.run(shops.AS_OF, run_id, training_date, home)
    assert facts["models"] == {"30": [NAME]}
    assert facts["rows"] == facts["customers"]
