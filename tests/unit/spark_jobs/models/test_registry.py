"""The registry finds forecasters by their modules and reports what is wrong with a module in one line."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import planted_forecaster
import pytest
from customers import FIT, customers

from clv.core.declared import ANCHOR, CONTESTANTS, OURS
from clv.core.errors import ClvError
from spark_jobs import baselines
from spark_jobs.features import purchases
from spark_jobs.models import anchor, registry
from spark_jobs.models.forecaster import Customers, Past, Prediction


def test_auto_means_all_forecasters_the_blend_first_and_the_cheapest_next() -> None:
    names = registry.listed("auto")
    assert names[0] == OURS
    assert set(names[1:]) == {name for name in registry.names() if not registry.is_optional(name)}
    costs = [registry.cost(name) for name in names[1:]]
    assert costs == sorted(costs)
    assert all(cost > 0 for cost in costs)  # each of ours declares one
    assert registry.listed(["trailing", OURS]) == ["trailing", OURS]
    registry.check("auto")


@pytest.mark.parametrize("declared", ["'cheap'", "-1", "float('nan')", "float('inf')", "None"])
def test_a_cost_that_is_no_number_of_seconds_is_refused_in_one_line(
    declared: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = planted_forecaster.plant(tmp_path, monkeypatch)
    planted_forecaster.plant(tmp_path, monkeypatch, text=f"{path.read_text()}\nCOST = {declared}\n")
    with pytest.raises(ClvError, match=rf"^{path}: COST is .*; give the seconds of one core as a number of at least"):
        registry.load("auto")


def test_purchases_are_read_only_for_forecasters_that_ask_for_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert registry.columns_read([OURS, *CONTESTANTS, "ziln_mlp"]) == {}
    assert registry.columns_read([OURS, "ziln_cnn"]) == purchases.COLUMNS
    text = planted_forecaster.plant(tmp_path, monkeypatch).read_text()
    planted_forecaster.plant(tmp_path, monkeypatch, text=f"{text}\nREADS_PURCHASES = True\n")
    assert registry.columns_read([planted_forecaster.NAME]) == purchases.COLUMNS
    with pytest.raises(
        ClvError, match="no forecaster is called gone; .*, or take gone out of contestants in shop.json"
    ):
        registry.columns_read(["gone"])
    assert [name for name in ("gone", "trailing") if registry.loads(name)] == ["trailing"]


def past_of(n: int = 400) -> Past:
    """Returns data whose window of 90 days had closed by the date."""
    columns = customers(n)
    columns |= {"orders_next_90": (columns["orders_90"] > 1) * 1.0, "revenue_next_90": columns["revenue_90"]}
    return Past(90, date(2024, 6, 1), columns, np.arange(n), np.zeros(n, np.int64), columns, FIT)


def test_each_module_is_a_complete_forecaster_and_default_contestants_exist() -> None:
    names = registry.names()
    assert {"trailing", "bgnbd_gg", ANCHOR, "random_forest", "xgboost_hurdle"} <= set(names)
    for name in names:
        found = registry.named(name)
        assert name == found.NAME
        assert registry.title(name) == found.TITLE != name
    registry.check(CONTESTANTS)
    optional = {name for name in names if registry.is_optional(name)}
    assert optional == {"ziln_mlp", "ziln_cnn"}
    assert set(baselines.names()) == set(names) - {ANCHOR} - optional
    assert set(baselines.names(["ziln_mlp"])) == {*baselines.names(), "ziln_mlp"}
    assert registry.title("one that is gone") == "one that is gone"


@pytest.mark.parametrize("name", ["bgnbd_gg", "mbgnbd_gg", "mbgcnbd_gg", "pareto_nbd_gg", ANCHOR])
def test_probabilistic_forecasters_survive_saving_as_json(name: str) -> None:
    past = replace(past_of(), anchor=None)
    fitted, left_out = registry.fit([name], past)
    assert not left_out
    one, again = registry.named(name).fit(past), registry.read(name, json.loads(json.dumps(fitted[name])))
    wanted = Customers(past.columns, 90)
    assert (again.predict(wanted).mean == one.predict(wanted).mean).all()
    assert again.predict(wanted).mean.min() > 0


def test_the_anchor_of_the_customers_own_date_is_preferred() -> None:
    past = past_of()
    now = anchor.probabilistic(FIT, past.columns, 90)
    kept_by_an_earlier_version = registry.read(ANCHOR, {})
    assert (kept_by_an_earlier_version.predict(Customers(past.columns, 90, now)).mean == now.revenue).all()


def test_a_planted_forecaster_may_postpone_annotations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = planted_forecaster.plant(tmp_path, monkeypatch)
    planted_forecaster.plant(
        tmp_path, monkeypatch, "later",
        "from __future__ import annotations\n" + path.read_text().replace('NAME = "mean_order"', 'NAME = "later"'),
    )  # fmt: skip
    assert registry.named("later").from_json({"scale": 2.0}).to_json() == {"scale": 2.0}
    assert "clv_forecaster_later" not in sys.modules  # Spark's workers receive its classes by value


def test_a_planted_forecaster_is_found_fitted_and_restored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planted_forecaster.plant(tmp_path / "mine", monkeypatch)
    assert planted_forecaster.NAME in registry.names()
    past = past_of()
    fitted, left_out = registry.fit([planted_forecaster.NAME], past)
    assert not left_out
    again = registry.read(planted_forecaster.NAME, json.loads(json.dumps(fitted[planted_forecaster.NAME])))
    wanted = Customers(past.columns, 90)
    # The forecaster's scale makes the predicted total equal to the actual total.
    assert registry.predict("mean_order", again, wanted).mean.sum() == pytest.approx(past.columns["revenue_90"].sum())
    assert len(again.explain(wanted) or []) == 400


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("half", "NAME = 'half'\nTITLE = RESTS_ON = 'x'\n", "lacks fit, from_json"),
        ("mine", "NAME = TITLE = RESTS_ON = 'yours'\nfit = from_json = 1\n", "call the file yours.py, or it 'mine'"),
        ("broken", "import nowhere_to_be_found\n", "broken.py cannot be loaded .ModuleNotFoundError"),
        ("trailing", "", "another forecaster is called trailing"),
        (OURS, "", f"another forecaster is called {OURS}"),
    ],
)
def test_an_invalid_module_is_named_in_the_error(
    name: str, text: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted_forecaster.plant(tmp_path / "mine", monkeypatch, name, text or " ")
    with pytest.raises(ClvError, match=says):
        registry.named(name)


@pytest.mark.parametrize(
    ("part", "broken", "says"),
    [
        ("def fit(past: Past) -> MeanOrder:", "raise OSError('no\\nmore')", r"failed to fit \(OSError: no\); correct"),
        (
            'return {"scale": self.scale}',
            "return {'past': self}",
            r"failed to fit \(TypeError: Object of type MeanOrder",
        ),
        (
            "def from_json(saved: dict) -> MeanOrder:",
            "return saved['x']",
            r"failed to be restored \(KeyError: 'x'\); correct",
        ),
        (
            "def from_json(saved: dict) -> MeanOrder:",
            "from spark_jobs.models.forecaster import Unfit; raise Unfit('too few')",
            r"failed to be restored \(Unfit: too few\); correct",
        ),
        (
            "columns = customers.columns  #",
            "1 / 0  #",
            r"failed to predict \(ZeroDivisionError: division by zero\); correct",
        ),
        (
            "mean=self.scale * pace(columns)",
            "mean=self.scale * pace(columns)[:2]",
            r"failed to predict \(ValueError: an array",
        ),
        ("return [f", "return [][:0] and [f", r"failed to explain \(ValueError: 0 reasons for 400 customers"),
    ],
)
def test_one_that_fails_is_left_out_and_named_in_one_line(
    part: str, broken: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = planted_forecaster.plant(tmp_path, monkeypatch)
    assert part in path.read_text()
    path.write_text(path.read_text().replace(part, f"{part}\n    {broken}" if part.endswith(":") else broken))
    for _ in range(2):  # two windows
        fitted, left_out = registry.fit([planted_forecaster.NAME, "trailing"], past_of(), [planted_forecaster.NAME])
    assert set(fitted) == {"trailing"}
    assert re.match(rf"the forecaster mean_order {says}", left_out["mean_order"])
    assert "\n" not in left_out["mean_order"]
    assert f"correct {path}, or take mean_order out of contestants in shop.json" in left_out["mean_order"]
    assert [record.getMessage() for record in caplog.records] == [f"{left_out['mean_order']}. It is left out"]
    _, left_out = registry.fit([planted_forecaster.NAME], past_of())  # a baseline, which is no contestant
    assert left_out["mean_order"].endswith(f"; correct {path}")


def test_one_that_can_be_restored_from_memory_only_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = planted_forecaster.plant(tmp_path, monkeypatch).read_text()
    text = text.replace('return {"scale": self.scale}', "return {90: self.scale}")  # JSON makes text of the key
    text = text.replace("MeanOrder(**saved)", "MeanOrder(saved[90])")
    planted_forecaster.plant(tmp_path, monkeypatch, text=text)
    left_out = registry.fit([planted_forecaster.NAME], past_of())[1]
    assert "mean_order failed to be restored (KeyError: 90)" in left_out["mean_order"]


def test_contestants_are_loaded_and_one_that_is_not_there_is_named_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = planted_forecaster.plant(tmp_path, monkeypatch)
    registry.load([OURS, "trailing", planted_forecaster.NAME])
    path.write_text("import nowhere_to_be_found\n")
    registry._loaded.cache_clear()
    with pytest.raises(ClvError, match=f"{path} cannot be loaded .ModuleNotFoundError"):
        registry.load([OURS, planted_forecaster.NAME])
    assert "cannot be loaded" in registry.fit([planted_forecaster.NAME], past_of())[1][planted_forecaster.NAME]
    monkeypatch.delenv(registry.FOLDERS)
    with pytest.raises(
        ClvError, match=f"contestants names mean_order, .* {registry.FOLDERS} to the folder of mean_order.py"
    ):
        registry.load([OURS, planted_forecaster.NAME])


def test_unknown_names_and_missing_folders_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ClvError, match="names prophet, which is not a forecaster; choose from perennial, .*svm"):
        registry.check(["perennial", "prophet"])
    monkeypatch.setenv(registry.FOLDERS, "/nowhere")
    with pytest.raises(ClvError, match="CLV_FORECASTERS names /nowhere, which is not a folder"):
        registry.names()


def test_predictions_of_wrong_length_are_refused_and_invalid_money_counts_as_zero() -> None:
    class Odd:
        """A fitted forecaster that predicts the given array."""

        def __init__(self, mean: np.ndarray) -> None:
            self.mean = mean

        def predict(self, _: Customers) -> Prediction:
            return Prediction(self.mean)

        def explain(self, _: Customers) -> None:
            return

        def to_json(self) -> dict:
            return {}

    wanted = Customers(customers(3), 90)
    found = registry.predict("odd", Odd(np.array([np.nan, -1.0, np.inf])), wanted)
    assert found.mean.tolist() == [0, 0, 0]
    with pytest.raises(ClvError, match="odd failed to predict .ValueError: an array of shape .2,. for 3 customers"):
        registry.predict("odd", Odd(np.ones(2)), wanted)
