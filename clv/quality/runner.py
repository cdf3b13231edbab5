"""Judges a gate: runs its suites on the slice of one run, stores the results, and stops the run if a critical
expectation fails."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import great_expectations
import psycopg
from great_expectations.core import ExpectationSuite, ValidationDefinition
from great_expectations.data_context.data_context.abstract_data_context import AbstractDataContext
from great_expectations.data_context.types.base import DataContextConfig, InMemoryStoreBackendDefaults

from clv.catalog import tables
from clv.quality import results
from clv.quality.results import Finding
from clv.quality.rules import Slice, Suite, vouched_for
from clv.warehouse import db, roles
from clv.warehouse.roles import PUBLISHER

CONNECTIONS = 2  # tables judged at once; PostgreSQL scans the large ones with further processes
Suites = Callable[[Slice], Sequence[Suite]]


def judge(gate: str, suites: Suites, as_of_date: date, run_id: str, write_page: Callable[[str], Path]) -> dict:
    """Judges one gate by the suites that its function returns for the run, and returns the facts.

    Replaces the run's earlier results of this gate in ops.gate_results, in one transaction. Then `write_page(run_id)`
    writes the page of the run's gates and returns its path.

    Raises GateFailed if a critical expectation fails: one line with counts, masked examples and the remedy. A warning
    is stored and printed.
    """
    started = time.monotonic()
    documents, by_key = _validate(gate, suites, Slice(as_of_date, run_id))
    found = [one for table, document in documents.items() for one in results.findings(table, document)]
    with db.connect(roles.url(PUBLISHER)) as connection:
        _keep(connection, gate, as_of_date, run_id, found)
    # An empty table explains all other failures, so it comes first.
    failed = sorted((one for one in found if not one.success), key=lambda one: "has_rows" not in one.expectation)
    critical = [one for one in failed if one.severity == "critical"]
    warnings = [one for one in failed if one.severity == "warning"]
    for one in warnings:
        print(f"warning: {one.problem} [{one.expectation}: {one.unexpected or one.observed}]", flush=True)
    page = write_page(run_id)
    if critical:
        raise results.failure(gate, run_id, critical, page)
    return {
        "expectations": len(found),
        "warnings": [one.expectation for one in warnings],
        "unique_by_key": by_key,
        "rows_judged": {one.expectation.split(":")[0]: one.rows_judged for one in found},
        "seconds": round(time.monotonic() - started, 1),
    }


def context() -> AbstractDataContext:
    """A Great Expectations context that is kept in memory and does not report to Great Expectations' makers."""
    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(),
        analytics_enabled=False,
        progress_bars={"globally": False},  # type: ignore[arg-type]
    )
    return great_expectations.get_context(mode="ephemeral", project_config=config)


def _validate(gate: str, suites: Suites, run: Slice) -> tuple[dict[str, dict], list[str]]:
    """The validation result of each judged table as JSON, customers masked; and the tables whose keys were not searched
    for repetitions, because PostgreSQL allows none."""
    gx = context()
    every = suites(run)
    with db.connect(roles.url(PUBLISHER)) as connection:
        by_key = [judged.table for judged in every if vouched_for(judged, run, connection)]
    definitions = [_definition(gx, gate, judged, run) for judged in every]
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        documents = pool.map(_document, definitions)
        return {judged.table: document for judged, document in zip(every, documents, strict=True)}, by_key


def _definition(gx: AbstractDataContext, gate: str, judged: Suite, run: Slice) -> ValidationDefinition:
    """What Great Expectations validates for one suite, with a data source of its own: threads cannot share one."""
    suite = gx.suites.add(ExpectationSuite(f"{gate}: {judged.table}", expectations=judged.expectations))
    source = gx.data_sources.add_postgres(judged.table, connection_string=roles.url(PUBLISHER))
    asset = source.add_query_asset(judged.table, query=judged.query)
    batch = asset.add_batch_definition_whole_table(run.run_id)
    return gx.validation_definitions.add(ValidationDefinition(name=suite.name, data=batch, suite=suite))


def _document(definition: ValidationDefinition) -> dict:
    """The validation result as plain JSON. Values found in the data are masked; Great Expectations' own identifiers are
    not."""
    source = definition.data_source
    try:
        result = definition.run(result_format={"result_format": "SUMMARY"})
    finally:
        source.get_engine().dispose()
    document = json.loads(json.dumps(result.to_json_dict(), default=str))
    for one in document["results"]:
        one["result"] = results.masked(one["result"])
        one["exception_info"] = results.masked(one["exception_info"])
    return document


def _keep(connection: psycopg.Connection, gate: str, as_of_date: date, run_id: str, found: list[Finding]) -> None:
    connection.execute(f"delete from {tables.GATE_RESULTS} where run_id = %s and gate = %s", (run_id, gate))  # noqa: S608 - our own names
    connection.cursor().executemany(
        f"""
        insert into {tables.GATE_RESULTS} (
            run_id, as_of_date, gate, expectation, severity, success, observed, unexpected_count, rows_judged, examples,
            dimension, says, expected, mend
        ) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,  # noqa: S608 - our own names
        [
            (
                run_id, as_of_date, gate, one.expectation, one.severity, one.success, one.observed, one.unexpected,
                one.rows_judged, json.dumps(one.examples, default=str), one.dimension,
                one.problem, one.expected, one.remedy or None,
            )
            for one in found
        ],
    )  # fmt: skip
