"""Builds the layers of the warehouse with dbt. Only one build runs at a time in the whole warehouse."""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, chdir, contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from clv.catalog import dbt_project, published, tables
from clv.core import settings as settings_module
from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.transform import dbt_environment, delta, notes, persons, temporary, views
from clv.transform.notes import FROM_RAW
from clv.transform.temporary import Compiled, NotByDeltaError, TooMuchError
from clv.warehouse import db, locks, roles
from clv.warehouse.roles import TRANSFORMER

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunnerResult

# What reads intermediate is built with the features, from the same state of it: another run may rebuild it before
# analytics is built.
LAYERS = dbt_project.layers()
AT_A_DATE = ("features", "training", "analytics")  # layers that read intermediate, or read what was built from it
PARSED = "partial_parse.msgpack"  # dbt's parsed project, from its last call with the same variables
SEMANTICS = "semantic_manifest.json"
NO_UNIT_TESTS = ["--exclude-resource-type", "unit_test"]  # unit tests check the SQL, not the data
NOT_TO_PUBLISH = ["--exclude", "path:models/analytics"]  # the tables to publish, and what only they read
SELECTED = {"build", "test"}  # commands to which a selection of nodes is given
log = logging.getLogger("clv.transform")


def build(layer: str, variables: dict, settings: Settings, whole: bool = False, to_publish: bool = True) -> dict:
    """Builds one layer with the given dbt variables, after other builds have ended.

    layer: setup (creates missing tables, the published views and their grants), staging, intermediate, features,
    training or analytics. Staging and intermediate are changed where rows arrived, and not built again while neither
    raw nor the SQL has changed, unless `whole` is true. to_publish: whether to build tables to publish too, and what
    only they read; a backtest has no use for them.

    Returns facts for the log: models, tests, rows per table, seconds. For features and training, `staging` is the state
    of staging that they were built from (see staging_state).

    Raises ClvError, in one line with the failed node and the reason, or for a wrong declaration of a published table.
    Building for a published run fails too, since published rows never change.
    """
    if layer != "setup" and layer not in LAYERS:
        raise ClvError(f"there is no dbt layer '{layer}'; layers are setup, {', '.join(LAYERS)}")
    published.everything()  # refuses a wrong declaration, which dbt would build
    # Views that the set-up makes may need columns that tables of another version lack.
    if layer == "setup" and _is_of_another_version(settings):
        for outdated in FROM_RAW:
            build(outdated, {}, settings)
    started = time.monotonic()
    day = date.fromisoformat(variables["as_of_date"]) if layer in AT_A_DATE and variables else None
    with persons_of(day, settings), db.lock(locks.BUILD, settings.url_as(TRANSFORMER)):
        facts = _changed(layer, settings) if layer in FROM_RAW and not whole else {}
        if "rows" not in facts:
            facts |= _built(layer, variables, settings, to_publish)
        return {**facts, "seconds": round(time.monotonic() - started, 1)}


@contextmanager
def persons_of(day: date | None, settings: Settings) -> Iterator[None]:
    """Keeps intermediate as it is for a date: ids that were linked before it have the key of their person.

    Code that reads intermediate for one date does so within this block. It waits for readers of another date only if
    that has other persons. None: the caller reads nothing of a date.
    """
    url = settings.url_as(TRANSFORMER)
    while day is not None:
        with ExitStack() as stack:
            connection = stack.enter_context(db.connect(url, autocommit=True))
            if not persons.may_differ(connection):
                break
            stack.enter_context(db.lock(locks.PERSONS, url, shared=True))
            if persons.are_of(connection, day):
                yield
                return
        with db.lock(locks.PERSONS, url), db.lock(locks.BUILD, url):
            with db.connect(url) as connection:
                persons.set_to(connection, day)
            if "rows" not in _changed("intermediate", settings):
                _built("intermediate", {}, settings)
    yield


def _changed(layer: str, settings: Settings) -> dict:
    """Changes a layer from raw where rows arrived. Returns facts for the log, without `rows` if the layer has to be
    built whole."""
    with db.connect(settings.url_as(TRANSFORMER)) as connection:
        # All of it is read as it was at one time: batches that are loaded meanwhile wait for the next build.
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.execute(temporary.SETTINGS)
        before, state = notes.built_from(layer, connection), notes.state(layer, connection)
        if before == state:
            return {"models": 0, "unchanged": True, "rows": {}}
        compiled = notes.compiled(layer, connection)
        if before is None or compiled is None:
            return {}
        try:
            rows = delta.CHANGE[layer](connection, compiled)
        except (NotByDeltaError, psycopg.Error) as error:
            if connection.closed:
                raise
            connection.rollback()  # then the whole build corrects what is missing, or says what is wrong
            reason = " ".join(str(error).split())[:500]
            if not isinstance(error, TooMuchError):
                log.warning("%s is built whole, since it could not be changed where rows arrived: %s", layer, reason)
            return {"built_whole": reason}
        notes.note(f"built_{layer}", state, connection)
        if layer == "intermediate":
            notes.note_made_of(connection)
    return {"models": len(compiled.models), "tests": len(compiled.tests), "rows": rows}


def _built(layer: str, variables: dict, settings: Settings, to_publish: bool = True) -> dict:
    """Builds a layer whole, and returns facts for the log. For `to_publish` see `build`."""
    url, state, made_by = settings.url_as(TRANSFORMER), None, ""
    if layer in FROM_RAW:
        with db.connect(url) as connection:
            state, made_by = notes.state(layer, connection), notes.made_by(connection)
            # Without a note, an interrupted build is repeated. What a whole build changes in staging is not known,
            # so intermediate must be built whole too.
            notes.forget(connection, *(FROM_RAW if layer == "staging" else (layer,)))
            if layer == "intermediate":
                notes.note(notes.MADE_OF, None, connection)
    chosen = ["--select", f"tag:layer:{layer}", *NO_UNIT_TESTS, *([] if to_publish else NOT_TO_PUBLISH)]
    selection = _setup(settings) if layer == "setup" else chosen
    results = _invoke(layer, selection, variables, settings)
    if layer == "setup":
        views.drop_undeclared(settings)
    with db.connect(url) as connection:
        if layer == "setup":
            notes.note(notes.SET_UP_BY, notes.sql_digest(), connection)
        if layer == "intermediate":
            connection.execute(f"delete from {tables.TOUCHED_CUSTOMERS}")  # noqa: S608 - our own name
            notes.note_made_of(connection)
        if state:
            notes.note_compiled(layer, _compiled(results), made_by, connection)
            notes.note(f"built_{layer}", state, connection)
        made_of = notes.noted(notes.MADE_OF, connection) if layer in ("features", "training") else None
    models = [result for result in results if result["unique_id"].startswith("model.")]
    rows = {
        result["unique_id"].rpartition(".")[2]: result["adapter_response"]["rows_affected"]
        for result in models
        if layer != "setup" and "rows_affected" in result["adapter_response"]
    }
    tests = sum(result["unique_id"].startswith("test.") for result in results)
    facts = {"models": len(models), "tests": tests, "rows": rows}
    return {**facts, "staging": made_of} if layer in ("features", "training") else facts


def _compiled(results: list[dict]) -> Compiled:
    """The SQL of the nodes that were built: each is after those that it reads."""
    models = [result for result in results if result["unique_id"].startswith("model.")]
    tests = [result for result in results if result["unique_id"].startswith("test.")]
    return Compiled(
        {model["relation_name"]: model["compiled_code"] for model in models},
        {test["unique_id"].split(".")[2]: test["compiled_code"] for test in tests},
    )


def staging_state(settings: Settings | None = None) -> str:
    """A digest of the batches that staging was built from, and of how many of their rows were accepted, replaced and
    withdrawn."""
    url = settings.url_as(TRANSFORMER) if settings else roles.url(TRANSFORMER)
    return db.rows(f"select {notes.STAGING_STATE}", url=url)[0][0]


def semantics(settings: Settings) -> str:
    """dbt's semantic manifest as JSON: the metrics and their dimensions.

    It is kept in a file between calls, because dbt takes seconds to read its project.
    """
    kept = _semantics_kept(settings)
    if not kept.exists():
        _invoke("metrics", ["--quiet"], {}, settings, command="parse")
    return kept.read_text()


def _semantics_kept(settings: Settings) -> Path:
    """The file that keeps the semantic manifest of this version of the project, for this warehouse."""
    of = settings_module.place(settings.warehouse_url) + dbt_project.digest("*.yml", "macros/**/*.sql", "models/**/*.*")
    return settings.home / "dbt" / f"semantic-{hashlib.sha256(of.encode()).hexdigest()[:16]}.json"


def document(settings: Settings) -> Path:
    """Writes dbt's documentation as one page, and returns its path: reports/dbt/index.html."""
    with db.lock(locks.BUILD, settings.url_as(TRANSFORMER)):
        _invoke("docs", ["--static"], {}, settings, command="docs generate")
    page = settings.reports / "dbt" / "index.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(_folder("docs", {}, settings) / "static_index.html", page)
    return page


def _setup(settings: Settings) -> list[str]:
    """The dbt arguments of the set-up, which creates missing tables without rows.

    Tables of the layers from raw are selected only if they are missing: dbt would replace existing ones by empty ones.
    """
    missing = [
        layer
        for layer, table in FROM_RAW.items()
        if db.rows("select to_regclass(%s) is null", (table,), settings.url_as(TRANSFORMER))[0][0]
    ]
    tags = [f"tag:layer:{layer}" for layer in ("setup", *missing, "features", "training", "analytics")]
    return ["--empty", "--quiet", "--resource-type", "model", "seed", "--select", *tags]


def _is_of_another_version(settings: Settings) -> bool:
    """Whether staging exists and was built by another version of the project's SQL."""
    with db.connect(settings.url_as(TRANSFORMER)) as connection:
        query = "select to_regclass(%s) is not null"
        there = connection.execute(query, (tables.STG_ORDER_LINES,)).fetchall()[0][0]
        return there and notes.noted(notes.SET_UP_BY, connection) != notes.sql_digest()


def _invoke(
    layer: str, selection: list[str], variables: dict, settings: Settings, command: str = "build"
) -> list[dict]:
    """Runs a dbt command in a folder of its own and returns the result of each node. Raises ClvError if one failed."""
    from clv.transform import dbt_runner  # dbt takes seconds to import, and most callers have nothing to build

    folder = _folder(layer, variables, settings)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shop = json.dumps(dbt_environment.shop_variables(settings))
    kept = _semantics_kept(settings)
    arguments = [
        *command.split(), *selection, *(["--indirect-selection", "buildable"] if command in SELECTED else []),
        *(["--no-write-json"] if command in SELECTED and kept.exists() else []),  # its manifest is large
        "--project-dir", dbt_project.PROJECT, "--profiles-dir", dbt_project.PROJECT,
        "--target-path", folder, "--log-path", folder, "--vars", shop,
    ]  # fmt: skip
    parsed = settings.home / "dbt" / f"{hashlib.sha256(shop.encode()).hexdigest()[:8]}-{PARSED}"
    if parsed.exists():
        shutil.copy(parsed, folder / PARSED)
    # dbt changes into its project's folder, which chdir undoes, and reads its settings from the environment.
    with chdir(dbt_project.PROJECT), dbt_environment.of_run(variables, settings.url_as(TRANSFORMER)):
        outcome, errors = dbt_runner.invoke([str(argument) for argument in arguments])
    results = _results(outcome)
    if not outcome.success:
        failed = [result for result in results if result["status"] in ("error", "fail", "runtime error")]
        reasons = [_failure(result) for result in failed] or [*errors, str(outcome.exception)]
        reason = "; ".join(" ".join(one.split())[:500] for one in reasons[:3])
        raise ClvError(f"dbt could not build {layer}: {reason} (details: {folder / 'dbt.log'})")
    if (folder / PARSED).exists():
        (folder / PARSED).replace(parsed)
    if (folder / SEMANTICS).exists() and not kept.exists():
        for old in kept.parent.glob("semantic-*.json"):
            old.unlink(missing_ok=True)
        kept.write_text(_on_published_views((folder / SEMANTICS).read_text()))
    return results


def _on_published_views(semantics: str) -> str:
    """Makes the semantic manifest read the views of published runs. dbt's own reads the tables, which hold the rows of
    every run."""
    manifest = json.loads(semantics)
    for model in manifest["semantic_models"]:
        relation = model["node_relation"]
        if relation["schema_name"] == tables.ANALYTICS_RUNS:
            relation["schema_name"] = tables.ANALYTICS
            relation["relation_name"] = relation["relation_name"].replace(
                f'"{tables.ANALYTICS_RUNS}"', f'"{tables.ANALYTICS}"'
            )
    return json.dumps(manifest)


def _folder(layer: str, variables: dict, settings: Settings) -> Path:
    """The folder for dbt's output of one layer of a run."""
    return settings.home / "dbt" / str(variables.get("run_id", "setup")) / layer


def _results(outcome: dbtRunnerResult) -> list[dict]:
    """The unique_id, relation_name, compiled_code, status, message and adapter_response of each node that dbt ran, in
    the order in which they ended; none if it failed before."""
    ran = getattr(outcome.result, "results", None) or []
    of_node, of_result = ("unique_id", "relation_name", "compiled_code"), ("status", "message", "adapter_response")
    return [
        {name: getattr(one.node, name, None) for name in of_node} | {name: getattr(one, name) for name in of_result}
        for one in ran
    ]


def _failure(result: dict) -> str:
    kind, _, name, *_ = result["unique_id"].split(".")  # the id of a generic test ends in a hash
    return f"{kind} {name}: {' '.join((result['message'] or result['status']).split())[:500]}"
