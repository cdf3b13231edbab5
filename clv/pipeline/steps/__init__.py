"""The steps of a daily run, each declared once: its group, what it reads and writes, and where it runs.

The DAGs, their documentation and `clv.pipeline.daily.run` are made from these declarations; `clv.pipeline.daily` holds
what each step does. This module imports nothing of ours, because Airflow parses the DAGs again and again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby


@dataclass(frozen=True)
class Step:
    """One step. Its name is the id of its Airflow task.

    pool: limits how many run at once over all runs. given: arguments that take the facts of an earlier step. params:
    arguments that take a parameter of the run, which a person can set in Airflow's form. closes: the step may be
    repeated on a published run, because it writes nothing into the run's slice.
    """

    name: str
    group: str
    reads: str
    writes: str
    pool: str = "default_pool"
    given: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    closes: bool = False


OPEN_RUN = Step("open_run", "take in", "the date", "ops.runs")
DAILY = (
    Step("ingest", "take in", "landing files", "raw, pii, quarantine"),
    Step("gate_raw", "take in", "raw", "ops.gate_results"),
    Step("build_staging", "clean", "raw", "staging, quarantine", pool="build"),
    Step("gate_staging", "clean", "staging", "ops.gate_results"),
    Step("build_intermediate", "clean", "staging", "intermediate", pool="build"),
    Step("build_features", "learn", "intermediate", "features", pool="build"),
    Step("gate_features", "learn", "features", "ops.gate_results"),
    Step(
        "train", "learn", "features of closed past dates, matured forecasts",
        "ops.model_checks; where none will do, a model and what it predicts at its date", pool="spark",
        params={"force": "force_retrain"},
    ),
    Step("score", "value", "features, the model", "predictions", pool="spark", given={"model": "train"}),
    Step("gate_predictions", "value", "predictions", "ops.gate_results"),
    Step("build_analytics", "value", "all of the above", "analytics_runs", pool="build"),
    Step("gate_analytics", "value", "analytics_runs", "ops.gate_results"),
    Step("publish", "publish", "analytics_runs", "one row in analytics.publications", closes=True),
    Step("scorecard", "publish", "published forecasts that matured, intermediate", "ops.clv_scorecard", closes=True),
    Step("report", "publish", "what is published", "the report's page", closes=True),
)  # fmt: skip
TRAINING = tuple(
    step
    for step in DAILY
    if step.name in ("ingest", "gate_raw", "build_staging", "gate_staging", "build_intermediate", "train")
)


def by_group(steps: Iterable[Step]) -> Iterator[tuple[str, list[Step]]]:
    """The groups in order, each with its steps."""
    for group, members in groupby(steps, key=lambda step: step.group):
        yield group, list(members)


def table(steps: Iterable[Step]) -> str:
    """The steps as a Markdown table; a group's name stands beside its first step."""
    rows = ["| | task | reads | writes |", "|---|---|---|---|"]
    for group, members in by_group(steps):
        for step in members:
            shown = group if step is members[0] else ""
            rows.append(f"| {shown} | {step.name} | {step.reads} | {step.writes} |")
    return "\n".join(rows)
