"""Saves and loads a model as files: one JSON file with everything except the boosters, and each booster in XGBoost's
own JSON. Pickle is not used."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from pathlib import Path

import numpy as np

from clv.core.declared import OURS
from spark_jobs.ensemble.blending import UNLEARNED, UNLEARNED_CHANCE
from spark_jobs.ensemble.conformal import Intervals
from spark_jobs.ensemble.forecast import Model
from spark_jobs.ensemble.level import ClosedWindow
from spark_jobs.ensemble.parts import Trained
from spark_jobs.models.forest import Forest
from spark_jobs.models.learners import NAMES, Learners
from spark_jobs.models.logistic import Logistic
from spark_jobs.models.personas import Personas

# The parts in the order in which files of earlier versions have their weights.
BY_PLACE = {
    "value_weights": (["anchor", "tweedie", "boosted", "blended", "trailing_year"], list(UNLEARNED)),
    "chance_weights": (["anchor", "boosted", "regression"], list(UNLEARNED_CHANCE)),
}


def save(model: Model, folder: Path, record: dict) -> None:
    """Writes model.json, which includes `record` (metrics, parameters), and one file `<days>-<learner>.json` per window
    and learner or forest."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = asdict(model)
    kept["asked"] = kept.pop("horizons")  # files of earlier versions use this key too
    for window, trained in model.trained.items():
        kept["trained"][window].pop("learners")
        kept["trained"][window].pop("forest")
        kept["trained"][window]["cap"] = trained.cap if trained.cap < np.inf else None
        if trained.learners:
            for name in NAMES:
                (folder / f"{window}-{name}.json").write_bytes(getattr(trained.learners, name))
        if trained.forest:
            (folder / f"{window}-forest.json").write_bytes(trained.forest.trees)
    text = json.dumps({**kept, "record": record}, indent=1, sort_keys=True, default=_day)
    (folder / "model.json").write_text(text)


def load(folder: Path) -> Model:
    """Loads the model that `save` wrote."""
    saved = json.loads((folder / "model.json").read_text())
    # Files of earlier versions have no closed windows.
    closed = [
        ClosedWindow(**{**found, "origin": date.fromisoformat(found["origin"])}) for found in saved.get("closed", [])
    ]
    trained = {int(window): _trained(folder, window, kept) for window, kept in saved["trained"].items()}
    # Files of earlier versions have no personas.
    personas = Personas(**saved["personas"]) if saved.get("personas") else None
    return Model(saved["version"], saved["asked"], trained, closed, personas)


def record(folder: Path) -> dict:
    """Returns the training record that `save` wrote with a model."""
    return json.loads((folder / "model.json").read_text())["record"]


def _trained(folder: Path, window: str, kept: dict) -> Trained:
    learners = None
    if (folder / f"{window}-{NAMES[0]}.json").exists():
        learners = Learners(*((folder / f"{window}-{name}.json").read_bytes() for name in NAMES))
    smooth = Logistic(**kept["logistic"]) if kept["logistic"] else None
    trees = folder / f"{window}-forest.json"
    forest = Forest(trees.read_bytes()) if trees.exists() else None
    cap = np.inf if kept["cap"] is None else kept["cap"]
    own = {"cap": cap, "logistic": smooth, "intervals": Intervals(**kept["intervals"]), "learners": learners}
    own["forest"] = forest
    return Trained(**{**_as_now(kept), **own})


def _as_now(kept: dict) -> dict:
    """Converts one window of a model file to the present format: weights by name instead of by position, and all fitted
    forecasters under their names."""
    kept = dict(kept)
    for weights, (learned, unlearned) in BY_PLACE.items():
        if isinstance(kept[weights], list):
            parts = learned if len(kept[weights]) == len(learned) else unlearned
            kept[weights] = dict(zip(parts, kept[weights], strict=True))
    if "fitted" not in kept:
        kept["fitted"] = {kept["published"]: {}} if kept["published"] != OURS else {}
        if cells := kept.pop("cells", None):
            kept["fitted"]["rfm_cells"] = cells
    return kept


def _day(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{value!r} cannot be saved in a model file")
