"""The training record of a model, which is saved with the model."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from spark_jobs.ensemble.blending import Blend, Weights
from spark_jobs.judging import tuning
from spark_jobs.models.learning import Origin


@dataclass
class Record:
    """The training record.

    origins: the anchor's parameters at each origin. examples: their number. holdouts: dates by window length. weights:
    by window length, the weights of the parts of the mean (`value`) and of the probability (`chance`). blends: by
    window length, the weights and losses of each way of choosing weights. tuning: by learner, the result of a parameter
    search. reference: the distribution of features from which drift is measured. explained: by window length, what
    drives the forecast. contestants: which were tried, which were left out for time, with the minutes that they would
    take, and which is published by window length. decisions, backtest: rows for the warehouse. metrics: those on the
    latest holdouts, by name.
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
    contestants: dict[str, Any] = field(default_factory=dict)
    decisions: list[dict[str, Any]] = field(default_factory=list)
    backtest: list[dict[str, Any]] = field(default_factory=list)
    metrics: dict[str, float] = field(default_factory=dict)

    @staticmethod
    def of(
        training_date: date, origins: dict[date, Origin], examples: int, blend: str, found: dict[str, tuning.Found]
    ) -> Record:
        """Returns the record at the start of a training."""
        return Record(training_date, {day: one.fit.as_json() for day, one in origins.items()}, examples, blend, found)

    def to_json(self) -> dict[str, Any]:
        """Returns the record as plain values, with dates as text."""
        fields = asdict(self)
        fields["held_back"] = fields.pop("holdouts")  # files of earlier versions use this key too
        return {
            **fields,
            "training_date": self.training_date.isoformat(),
            "origins": {day.isoformat(): kept for day, kept in self.origins.items()},
            "tuning": tuning.as_record(self.tuning),
        }
