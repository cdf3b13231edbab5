"""What is kept beside a model of how it was made."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from spark_jobs.ensemble.blending import Blend, Weights
from spark_jobs.judging import tuning
from spark_jobs.models.learning import Origin


@dataclass
class Record:
    """`origins`: the anchor's parameters at each; `held_back`: by window the origins that forecasts were judged by;
    `weights`: by window those of the mean's parts (`value`) and of the chance's; `blends`: by window what each way to
    blend came to; `tuning`: by learner what a search found; `reference`: the features that drift is measured from;
    `explained`: by window what moves the forecast; `decisions`, `backtest`: rows for the warehouse; `examples`: how
    many were learned from; `metrics`: of the latest held-back origins, by name."""

    training_date: date
    origins: dict[date, dict[str, Any]] = field(default_factory=dict)
    examples: int = 0
    blend: str | None = None
    tuning: dict[str, tuning.Found] = field(default_factory=dict)
    held_back: dict[int, list[str]] = field(default_factory=dict)
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
        """The record of a training that has begun."""
        return Record(training_date, {day: one.fit.as_json() for day, one in origins.items()}, examples, blend, found)

    def to_json(self) -> dict[str, Any]:
        """The record as plain values; dates as text."""
        return {
            **asdict(self),
            "training_date": self.training_date.isoformat(),
            "origins": {day.isoformat(): kept for day, kept in self.origins.items()},
            "tuning": tuning.as_record(self.tuning),
        }
