"""The results of a gate: rows for ops.gate_results, with customers masked, and the error line for the operator."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clv.core.errors import ALL_FOUND, ClvError

_UUID = re.compile(r"\b([0-9a-f]{4})[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", re.IGNORECASE)
NOT_JUDGED = (
    "its query fails as said: correct the query, or the tables that it reads (`clv up` makes those that are missing), "
    "then clear the gate's task"
)
_EMAIL = re.compile(r"\b[\w.+-]+@[\w-]+(\.[\w-]+)+\b")


class GateFailed(ClvError):  # noqa: N818 - what happened, in the field's words
    """A critical expectation failed: the run stops before anything is published."""


@dataclass(frozen=True)
class Finding:
    """The result of one expectation. problem: what it looks for. expected: what would have been right.
    unexpected: the number of rows that have the problem."""

    expectation: str
    dimension: str
    problem: str
    remedy: str
    severity: str
    success: bool
    expected: str
    observed: str | None
    unexpected: int | None
    rows_judged: int
    examples: list[dict[str, Any]] = field(default_factory=list)


def masked(value: Any) -> Any:
    """The value with every customer key (a uuid) cut to its first four characters, and every e-mail address hidden."""
    if isinstance(value, dict):
        return {name: masked(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [masked(item) for item in value]
    return _EMAIL.sub("…@…", _UUID.sub(r"\1…", value)) if isinstance(value, str) else value


def findings(table: str, document: dict) -> list[Finding]:
    """The findings in one suite's validation result, which is masked JSON: failed ones first."""
    rows_judged = next(
        (
            int(result["result"].get("observed_value") or 0)
            for result in document["results"]
            if result["expectation_config"]["type"] == "expect_table_row_count_to_be_between"
        ),
        0,
    )
    found = [_finding(table, rows_judged, result) for result in document["results"]]
    return sorted(found, key=lambda one: (one.success, one.severity, one.expectation))


def failure(gate: str, run_id: str, failed: list[Finding], page: Path) -> GateFailed:
    """The error for the failed critical findings: the first one in full, the names of the others, and the page that
    shows all."""
    first = failed[0]
    text = f"gate {gate} stopped run {run_id}, nothing new is published: {first.problem} [{first.expectation}"
    if first.unexpected is not None:
        text += f": {first.unexpected} of {first.rows_judged} rows judged"
    if first.observed and first.unexpected is None:
        text += f": {first.observed}"
    text += "]"
    if first.examples:
        text += "; for example " + " | ".join(_shown(example) for example in first.examples)
    if first.remedy:
        text += f"; {first.remedy}"
    if others := [one.expectation for one in failed[1:]]:
        text += f"; also failed: {', '.join(others)}"
    text += f"; {ALL_FOUND}{page}"
    return GateFailed(" ".join(text.split()))


def _finding(table: str, rows_judged: int, result: dict) -> Finding:
    config, outcome = result["expectation_config"], result.get("result") or {}
    meta = config.get("meta") or {}
    problem, remedy = config.get("description") or config["type"], meta.get("remedy") or ""
    observed, unexpected = outcome.get("observed_value"), outcome.get("unexpected_count")
    if error := _error(result.get("exception_info") or {}):
        problem, remedy = f"could not be judged: {problem}", NOT_JUDGED
        observed, unexpected = error, None
    examples = (outcome.get("details") or {}).get("unexpected_rows") or []
    return Finding(
        expectation=f"{table}: {meta['name']}",
        dimension=meta["dimension"],
        problem=problem,
        remedy=_filled(remedy, examples),
        severity=config.get("severity") or "critical",
        success=bool(result["success"]),
        expected=meta["expected"],
        observed=None if observed is None else str(observed),
        unexpected=None if unexpected is None else int(unexpected),
        rows_judged=rows_judged,
        examples=examples,
    )


def _error(info: dict) -> str | None:
    """The first line of the exception's message, if the expectation raised one. Great Expectations gives one record, or
    one per metric."""
    records = [info] if "raised_exception" in info else list(info.values())
    for record in records:
        if record.get("raised_exception") and record.get("exception_message"):
            return str(record["exception_message"]).strip().splitlines()[0]
    return None


def _shown(example: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in example.items())


def _filled(remedy: str, examples: list[dict[str, Any]]) -> str:
    """The remedy, in which the first example's value replaces `{column}`."""
    first = examples[0] if examples else {}
    return re.sub(r"\{(\w+)\}", lambda match: str(first.get(match[1], "N")), remedy)
