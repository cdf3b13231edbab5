"""The record of how a model was trained, which is kept beside it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from spark_jobs.ensemble.blending import Blend, Weights
from spark_jobs.judging import tuning
from spark_jobs.models.learning import Origin


@dataclass
class Record:
    """The record of a training.

    origins: the anchor's parameters at each. holdouts: by window. weights: by window those of the mean's
    parts (`value`) and of the probability's. blends: by window the losses of each way to blend. tuning: by learner the
    result of a search. reference: the features that drift is measured from. explained: by window what drives the
    forecast. decisions, backtest: rows for the warehouse. examples: their number. metrics: of the latest holdouts, by
    name.
    """

    training_date: date
    origins: dict[date, dict[str, Any]] = field(default_factory=dict)
    examples: int = 0
    blend: str | None = None
    tuning: dict[str, tuning.Found] = field(default_factory=dict)
    holdouts: dict[int, list[str]] = field(default_factory=dict)
    weights: dict[int, dict[str, Weights]] = field(default_factory=dict)
    blends: dict[int, dict[str, Blend]] = field(default_factory=dict)
    reference: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    explained: dict[int, dict[str, Any]] = field(default_factory=dict)
    decisions: list[dict[str, Any]] = field(default_factory=list)
    backtest: list[dict[str, Any]] = field(default_factory=list)
    metrics: dict[str, float] = field(default_factory=dict)

    @staticmethod
    def of(
        training_date: date, origins: dict[date, Origin], examples: int, blend: str, found: dict[str, tuning.Found]
    ) -> Record:
        """The record at the beginning of a training."""
        return Record(training_date, {day: one.fit.as_json() for day, one in origins.items()}, examples, blend, found)

    def to_json(self) -> dict[str, Any]:
        """The record as plain values, dates as text."""
        fields = asdict(self)
        fields["held_back"] = fields.pop("holdouts")  # the key in files of earlier versions
        return {
            **fields,
            "training_date": self.training_date.isoformat(),
            "origins": {day.isoformat(): kept for day, kept in self.origins.items()},
            "tuning": tuning.as_record(self.tuning),
        }
