"""All baselines, with a real PostgreSQL and a real Spark, on a small simulated shop."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import planted_forecaster
import pytest
import simulated_features as sim
from customers import customers

from clv.catalog import tables
from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.warehouse import db
from spark_jobs import baselines
from spark_jobs.io import session
from spark_jobs.models import registry
from spark_jobs.models.forecaster import Customers, Past

AS_OF = date(2023, 8, 10)
TRAINING_DATE = date(2023, 8, 1)
RUN = "2023-08-10.1"
FAILING = "fails_to_predict"
PROBABILISTIC = {"bgnbd_gg", "mbgnbd_gg", "mbgcnbd_gg", "pareto_nbd_gg"}


@pytest.fixture
def everyone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names of all baselines, including one planted in a separate folder, and without a planted one that fails."""
    path = planted_forecaster.plant(tmp_path / "mine", monkeypatch)
    failing = path.read_text().replace('"mean_order"', f'"{FAILING}"').replace("customers.columns", "customers.nothing")
    planted_forecaster.plant(tmp_path / "mine", monkeypatch, FAILING, failing)
    return set(baselines.names()) - {FAILING}


@pytest.fixture
def shop(home: Settings) -> tuple[Settings, pd.DataFrame]:
    """A shop of 400 customers over 19 months: features of a date, and three origins to learn from."""
    made = sim.orders(400, 590)
    sim.write_orders(made, home)
    origins = [TRAINING_DATE - timedelta(days=days) for days in (150, 120, 90)]
    examples = sim.examples(made, origins, TRAINING_DATE)
    sim.write_features(examples, tables.TRAINING_EXAMPLES, home, RUN, TRAINING_DATE)
    found = sim.features(made, AS_OF)
    returned = found.head(1).assign(customer_key="00000000-0000-0000-0000-000000000001", days_with_orders=0, t=np.nan)
    sim.write_features(pd.concat([found, returned]), tables.CUSTOMER_FEATURES, home, RUN)
    return home, found


def written(home: Settings) -> pd.DataFrame:
    """Returns the whole table, ordered by key."""
    with db.connect(home.warehouse_url) as connection:
        cursor = connection.execute(
            f"select * from {tables.BASELINE_PREDICTIONS} order by horizon_days, model, customer_key"
        )
        return pd.DataFrame(cursor.fetchall(), columns=pd.Index([column.name for column in cursor.description or []]))


def test_every_baseline_predicts_every_customer_and_the_same_again(
    shop: tuple[Settings, pd.DataFrame], everyone: set[str]
) -> None:
    assert planted_forecaster.NAME in everyone
    home, found = shop
    facts = baselines.run(AS_OF, RUN, TRAINING_DATE, home, horizons=[90, 180])
    failed = facts["left_out"]["90"][FAILING]
    assert failed.startswith(f"the forecaster {FAILING} failed to predict (AttributeError: 'Customers' object has no")
    once = written(home)
    models = once.groupby("horizon_days").model.agg(set).to_dict()
    young = "no window of 180 days had closed by 2023-08-01"
    assert models == {90: everyone, 180: {"trailing", "trailing_year", "markov_chain", *PROBABILISTIC}}
    too_young = dict.fromkeys({FAILING, *everyone} - models[180], young)
    assert facts["left_out"] == {"90": {FAILING: failed}, "180": too_young}
    assert facts["rows"] == len(once) == len(found) * sum(len(names) for names in models.values())
    assert once.groupby(["horizon_days", "model"]).customer_key.nunique().eq(len(found)).all()

    assert np.isfinite(once.predicted_mean).all()
    assert (once.predicted_mean >= 0).all()
    chances = once.p_purchase.dropna()
    assert chances.between(0, 1, inclusive="neither").all()
    silent = set(once[once.p_purchase.isna()].model)
    assert silent == {"trailing", "trailing_year", "time_decay", "xgboost_tweedie", planted_forecaster.NAME}
    assert set(once[once.expected_orders.notna()].model) == PROBABILISTIC

    trailing = once[(once.model == "trailing") & (once.horizon_days == 90)]
    assert trailing.predicted_mean.to_numpy() == pytest.approx(found.revenue_90.to_numpy(), abs=1e-3)
    spread = once[once.horizon_days == 90].groupby("model").predicted_mean.std()
    assert (spread > 0).all()

    assert baselines.run(AS_OF, RUN, TRAINING_DATE, home, horizons=[90, 180]) == facts
    pd.testing.assert_frame_equal(written(home), once)


def test_outcomes_of_open_windows_are_refused(shop: tuple[Settings, pd.DataFrame]) -> None:
    home, _ = shop
    with db.connect(home.warehouse_url) as connection:
        connection.execute(
            f"update {tables.TRAINING_EXAMPLES} set orders_next = jsonb_set(orders_next, '{{180}}', '7') "
            "where as_of_date = '2023-05-03'"
        )
    with pytest.raises(ClvError, match="the 180 days from 2023-05-03, which are not over by 2023-08-01"):
        baselines.run(AS_OF, RUN, TRAINING_DATE, home)
    with pytest.raises(ClvError, match="2023-08-11 is later than 2023-08-10"):
        baselines.run(AS_OF, RUN, date(2023, 8, 11), home)
    with pytest.raises(ClvError, match="build the layer 'training' first"):
        baselines.run(AS_OF, RUN, TRAINING_DATE - timedelta(days=1), home)
    assert written(home).empty


def test_without_closed_windows_only_forecasters_that_need_none_predict(home: Settings) -> None:
    made = sim.orders(60, 100)
    sim.write_orders(made, home)
    day = sim.FIRST_DAY + timedelta(days=100)
    found = sim.features(made, day)
    # There are no examples, because no window has closed.
    sim.write_features(found, tables.CUSTOMER_FEATURES, home, RUN)
    facts = baselines.run(day, RUN, day, home, horizons=[90])
    assert set(facts["models"]["90"]) == {"trailing", "trailing_year", *PROBABILISTIC}
    assert facts["left_out"]["90"]["svm"] == f"no window of 90 days had closed by {day}"
    assert facts["left_out"]["90"]["markov_chain"] == "no two origins lie 90 or 30 days apart"
    assert len(written(home)) == facts["rows"] == len(found) * len(facts["models"]["90"])


def test_every_baseline_predicts_the_same_after_saving_as_json(
    home: Settings,
) -> None:
    columns = customers(400)
    columns |= {"orders_next_90": (columns["orders_90"] > 1) * 1.0, "revenue_next_90": columns["revenue_90"]}
    keys = np.array([f"customer {number}" for number in range(400)], dtype=object)
    past = Past(90, date(2024, 6, 1), columns, keys, np.zeros(400, np.int64), columns)
    with session.running("forecasters", home):
        fitted, left_out = registry.fit(baselines.names(), past)
    assert set(left_out) == {"markov_chain"}  # a chain needs two origins, and there is one
    wanted = Customers(columns, 90)
    for name, saved in fitted.items():
        one, again = registry.read(name, saved), registry.read(name, json.loads(json.dumps(saved)))
        now, then = registry.predict(name, again, wanted), registry.predict(name, one, wanted)
        assert (now.mean == then.mean).all(), name
        assert now.chance is None or (now.chance == then.chance).all(), name
        assert len(again.explain(wanted) or []) == 400
