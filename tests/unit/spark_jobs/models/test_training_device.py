from __future__ import annotations

from typing import Any

import pytest
import xgboost
from synthetic_examples import examples

from clv.core.errors import ClvError
from clv.warehouse import model_choice
from spark_jobs.models import boosting


def test_a_gpu_that_xgboost_cannot_use_is_refused_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    config = '{"learner": {"generic_param": {"device": "%s"}}}'
    for built_with_cuda, used, reason in [(False, "cpu", "was built without CUDA"), (True, "cpu", "sees no GPU")]:
        monkeypatch.setattr(xgboost, "build_info", lambda built=built_with_cuda: {"USE_CUDA": built})
        monkeypatch.setattr(xgboost.Booster, "save_config", lambda _, used=used: config % used)
        with pytest.raises(ClvError, match=rf"CLV_TRAINING_DEVICE is cuda, but the XGBoost on \S+ {reason}; unset"):
            boosting.check("cuda")
    monkeypatch.setattr(xgboost.Booster, "save_config", lambda _: config % "cuda:0")
    boosting.check("cuda")


def test_the_device_reaches_xgboost_and_is_part_of_the_parameters(monkeypatch: pytest.MonkeyPatch) -> None:
    seen, train = [], xgboost.train

    def noted(parameters: dict[str, Any], *rest: Any, **more: Any) -> xgboost.Booster:
        seen.append(parameters.get("device"))
        return train({**parameters, "device": "cpu"}, *rest, **more)

    monkeypatch.setattr(xgboost, "train", noted)
    assert model_choice.learners() == model_choice.LEARNERS
    boosting.fit(examples(), model_choice.learners())
    monkeypatch.setenv("CLV_TRAINING_DEVICE", "cuda")
    boosting.fit(examples(), model_choice.learners())
    assert seen == [None] * 3 + ["cuda"] * 3
