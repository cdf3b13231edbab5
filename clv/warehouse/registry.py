"""The model registry: MLflow, with a database beside the warehouse and artifacts under CLV_HOME/models.

The call that creates a version comes last, after its artifacts are stored, so only complete versions are visible.
MLflow takes seconds to import, so functions import it when they need it.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import ModuleType

from psycopg import sql

from clv.core import settings as settings_module
from clv.core.errors import ClvError
from clv.core.settings import QUIET, Settings, for_sqlalchemy
from clv.warehouse import db, roles

MODEL = "customer_lifetime_value"
EXPERIMENT = "training"
ARTIFACTS = "model"
CHAMPION, CHALLENGER = "champion", "challenger"  # aliases: the model promoted last, and the model trained last


@dataclass(frozen=True)
class ModelVersion:
    """One registered model. number: MLflow's version number, which rises with each registration."""

    model_version: str
    training_date: date
    data_digest: str
    forced: bool
    number: int
    run_id: str


def version_name(training_date: date, data_digest: str) -> str:
    """The name of a model. It depends only on its training date and data, not on the order of trainings."""
    return f"{training_date}-{data_digest[:8]}"


def setup(settings: Settings | None = None) -> None:
    """Creates or migrates the schema of MLflow's database, which has to exist, and creates the experiment and the
    model.

    A tracking server manages its schema and the place of its artifacts itself.
    """
    settings = settings or settings_module.load()
    _quiet()
    served = settings.mlflow_url.startswith("http")
    with db.lock("mlflow", settings.warehouse_url):
        if settings.own_registry:
            url = settings.database_url("mlflow")
            _migrate(for_sqlalchemy(url))
            grant_modeller(url)
        elif not served:
            _migrate(settings.mlflow_url)
        client = _client(settings)
        if not client.search_registered_models(f"name = '{MODEL}'"):
            client.create_registered_model(MODEL)
        if client.get_experiment_by_name(EXPERIMENT) is None:
            place = None if served else settings.models.resolve().as_uri()
            client.create_experiment(EXPERIMENT, artifact_location=place)


def _migrate(url: str) -> None:
    utils = _mlflow().store.db.utils
    engine = utils.create_sqlalchemy_engine_with_retry(url)
    try:
        if utils._all_tables_exist(engine):
            utils._upgrade_db(engine)
        else:
            utils._initialize_tables(engine)
    finally:
        engine.dispose()


def grant_modeller(url: str) -> None:
    """Grants the role modeller read and write access to MLflow's database. url: the database, as its owner."""
    modeller = sql.Identifier(roles.name(roles.MODELLER))
    with db.connect(url) as connection:
        database = sql.Identifier(connection.info.dbname)
        for right in (
            sql.SQL("connect on database {}").format(database),
            sql.SQL("usage on schema public"),
            sql.SQL("select, insert, update, delete on all tables in schema public"),
            sql.SQL("usage on all sequences in schema public"),
        ):
            connection.execute(sql.SQL("grant {} to {}").format(right, modeller))


def find(training_date: date, data_digest: str, settings: Settings | None = None) -> ModelVersion | None:
    """The model trained for a date on exactly these data; None if there is none."""
    name = version_name(training_date, data_digest)
    same = [m for m in _search(f"tag.model_version = '{name}'", settings) if m.data_digest == data_digest]
    return max(same, key=lambda model: model.number, default=None)


def newest_forced(first: date, last: date, settings: Settings | None = None) -> ModelVersion | None:
    """The model retrained by force for the latest date after `first` and up to `last`; None if there is none."""
    forced = [m for m in _search("tag.forced = 'true'", settings) if first < m.training_date <= last]
    return max(forced, key=lambda model: (model.training_date, model.number), default=None)


def register(
    folder: Path,
    training_date: date,
    data_digest: str,
    forced: bool,
    parameters: dict[str, object],
    metrics: dict[str, float],
    settings: Settings | None = None,
) -> ModelVersion:
    """Stores the files in `folder` with parameters and metrics, and then registers them as a version of the model."""
    settings = settings or settings_module.load()
    client = _client(settings)
    name = version_name(training_date, data_digest)
    experiment = client.get_experiment_by_name(EXPERIMENT)
    if experiment is None:
        raise ClvError("the model registry is not set up; run `clv up` first")
    tags = {
        "model_version": name,
        "training_date": training_date.isoformat(),
        "data_digest": data_digest,
        "forced": str(forced).lower(),
    }
    run = client.create_run(experiment.experiment_id, run_name=name, tags=tags)
    entities = _mlflow().entities
    kept = [
        entities.Param(key, value if isinstance(value, str) else json.dumps(value)) for key, value in parameters.items()
    ]
    client.log_batch(run.info.run_id, [entities.Metric(key, value, 0, 0) for key, value in metrics.items()], kept)
    client.log_artifacts(run.info.run_id, str(folder), ARTIFACTS)
    client.set_terminated(run.info.run_id)
    source = f"{run.info.artifact_uri}/{ARTIFACTS}"
    version = client.create_model_version(MODEL, source, run.info.run_id, tags=tags)
    return _version(version)


def set_aliases(version: ModelVersion, promoted: bool, settings: Settings | None = None) -> None:
    """Gives the version the alias `challenger`. If it is promoted, it also gets the alias `champion`, unless the
    present champion was trained for a later date.

    Aliases only inform people: which model a run uses depends on its date and data.
    """
    client = _client(settings or settings_module.load())
    client.set_registered_model_alias(MODEL, CHALLENGER, str(version.number))
    named = client.get_registered_model(MODEL).aliases
    champion = _version(client.get_model_version(MODEL, str(named[CHAMPION]))) if CHAMPION in named else None
    if promoted and (champion is None or champion.training_date <= version.training_date):
        client.set_registered_model_alias(MODEL, CHAMPION, str(version.number))


def files(model_version: str, settings: Settings | None = None) -> Path:
    """Downloads the files of a registered model and returns their folder. Raises ClvError if there is no such model."""
    settings = settings or settings_module.load()
    found = _search(f"tag.model_version = '{model_version}'", settings)
    if not found:
        raise ClvError(f"no model '{model_version}' is registered; `clv models` lists those that are")
    newest = max(found, key=lambda model: model.number)
    return Path(_client(settings).download_artifacts(newest.run_id, ARTIFACTS))


def versions(settings: Settings | None = None) -> list[tuple[ModelVersion, list[str]]]:
    """Every registered model with its aliases, newest first."""
    named = _client(settings or settings_module.load()).get_registered_model(MODEL).aliases
    found = sorted(_search("tag.model_version like '%'", settings), key=lambda model: model.number, reverse=True)
    return [(model, sorted(name for name, number in named.items() if int(number) == model.number)) for model in found]


def _search(condition: str, settings: Settings | None) -> list[ModelVersion]:
    client = _client(settings or settings_module.load())
    found, token = [], None
    while True:
        page = client.search_model_versions(f"name = '{MODEL}' and {condition}", page_token=token)
        found += [_version(version) for version in page]
        token = page.token
        if not token:
            return found


def _version(version) -> ModelVersion:
    tags = version.tags
    return ModelVersion(
        tags["model_version"],
        date.fromisoformat(tags["training_date"]),
        tags["data_digest"],
        tags["forced"] == "true",
        int(version.version),
        version.run_id,
    )


def _client(settings: Settings):
    return _mlflow().MlflowClient(settings.mlflow_url, settings.mlflow_url)


def _mlflow() -> ModuleType:
    """Imports MLflow, after its telemetry and most of its logging are switched off."""
    _quiet()
    import mlflow.store.db.utils  # it takes seconds, and most importers of this module never use the registry

    return mlflow


def _quiet() -> None:
    os.environ.update(QUIET)
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
