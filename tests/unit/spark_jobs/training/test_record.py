"""The training record is plain JSON, with dates as text and windows in days."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

from customers import FIT

from spark_jobs.ensemble import blending, model_files
from spark_jobs.ensemble.blending import Blend
from spark_jobs.ensemble.forecast import Model
from spark_jobs.judging import tuning
from spark_jobs.models.learning import Origin
from spark_jobs.training.record import Record

DAY = date(2024, 6, 1)


def test_a_record_is_restored_from_the_models_file_as_plain_values(tmp_path: Path) -> None:
    found = {"buy": tuning.Found({"max_depth": 3}, [0.5, 0.5], [0.4, 0.4], 7)}
    record = Record.of(DAY, {DAY: Origin(FIT, {})}, 1200, "weighted", found)
    record.weights[90] = {"value": blending.USUAL, "chance": blending.USUAL_CHANCE}
    record.blends[90] = {"weighted": Blend(blending.USUAL, blending.USUAL_CHANCE, 38.2)}
    model_files.save(Model("v"), tmp_path, record.to_json())
    kept = model_files.record(tmp_path)
    assert kept["training_date"] == "2024-06-01"
    assert kept["origins"] == {"2024-06-01": FIT.as_json()}
    assert kept["weights"]["90"]["value"]["tweedie"] == 0.25
    assert kept["blends"]["90"]["weighted"]["deviance"] == 38.2
    assert kept["tuning"]["buy"]["better"]
    assert tuning.from_record(kept["tuning"]) == found
    assert json.loads(json.dumps(record.to_json())).keys() == kept.keys()
