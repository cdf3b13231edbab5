"""The stored results of a gate: what an expectation that failed, or could not be judged, says to do."""

from __future__ import annotations

from clv.quality import results


def judged(remedy: str, rows: list[dict] | None = None, **outcome: object) -> results.Finding:
    config = {
        "type": "no_rows",
        "description": "a bad row",
        "meta": {"name": "one", "dimension": "accuracy", "expected": "no such row", "remedy": remedy},
        "severity": "critical",
    }
    found = {"unexpected_count": len(rows or []), "details": {"unexpected_rows": rows or []}}
    one = {"expectation_config": config, "success": not rows, "result": found, **outcome}
    return results.findings("a.table", {"results": [one]})[0]


def test_the_remedy_works_when_it_is_pasted() -> None:
    remedy = "take it back with `clv withdraw --batch {batch_id}`"
    assert judged(remedy, [{"batch_id": 12}]).remedy == "take it back with `clv withdraw --batch 12`"
    assert judged(remedy).remedy == "take it back with `clv withdraw --batch N`"


def test_what_could_not_be_judged_says_so_and_why() -> None:
    failed = {"raised_exception": True, "exception_message": 'column "x" does not exist\nLINE 1: …'}
    found = judged("clear the task score", success=False, result={}, exception_info={"metric": failed})
    assert found.problem == "could not be judged: a bad row"
    assert found.observed == 'column "x" does not exist'
    assert found.remedy == results.NOT_JUDGED
    assert found.unexpected is None
