"""Backups: `clv backup` makes a backup, `clv restore --backup` restores a home from it.

A backup is a folder that only its owner can read. It appears complete or not at all:

    backup.json     a description of the backup, and the digest of each other file
    warehouse.dump  the warehouse, in pg_dump's custom format
    registry.dump   MLflow's database, where that is the one beside the warehouse
    home.tar        the models, shop.json, alerts.yml, the shop's own mappings and destinations, and the secrets that
                    the data depends on

A backup can be made while tasks run. The rows are saved first, then the registry, then the files: rows name models, and
the registry names the models' files, so the backup contains every model that the saved rows name.
"""

from __future__ import annotations

import json
import os
import tarfile
from contextlib import nullcontext
from datetime import UTC, date, datetime
from pathlib import Path

import psycopg
from psycopg import sql

from clv.catalog import published, tables
from clv.core import owners_files
from clv.core.errors import ClvError
from clv.core.progress import Step
from clv.core.settings import Settings, place
from clv.platform import backup_folder
from clv.platform.runtime import databases, postgres, stack
from clv.privacy import erasing
from clv.sources.identities import gathered
from clv.warehouse import db, erasures, locks, publication, registry, roles

WAREHOUSE, REGISTRY, FILES = "warehouse.dump", "registry.dump", "home.tar"
# Everything else in a home is either created again by `clv up`, or temporary: logs, ports, Airflow's own history.
SECRETS = (
    "secrets/pseudonym_key",
    f"secrets/{gathered.NAME}",
    "secrets/airflow_password",
    "secrets/airflow_viewer_password",
    "secrets/airflow_marketer_password",
    *(f"secrets/{roles.secret(role)}" for role in databases.ROLES),
)
LIST = f"secrets/{erasures.NAME}"  # erased persons: a restore adds this list to the one in the home
OTHERS = (
    "shop.json", "alerts.yml", "sources", "destinations", "kinds", "experiments", "models", "received", "erasures",
)  # fmt: skip
# The tables and columns in which MLflow stores the path of a model's files.
PLACES = {
    "experiments": ("artifact_location",),
    "runs": ("artifact_uri",),
    "model_versions": ("source", "storage_location"),
    "logged_models": ("artifact_location",),
}


def backup(to: Path, home: Settings, step: Step = nullcontext) -> tuple[dict, list[str]]:
    """Saves the home into the folder `to`; returns the content of backup.json, and remarks for the operator.

    Raises ClvError when `to` exists or cannot be written, or when there is nothing to save.
    """
    to = to.absolute()
    if to.exists():
        raise ClvError(f"{to} exists already; name a new folder")
    if not (home.secrets / "pseudonym_key").exists() or home.embedded and not (home.home / "postgres").exists():
        raise ClvError(f"there is no warehouse in {home.home}; set CLV_HOME to the home to back up")
    with (
        stack.database(home, step) as home,
        # Hold the shared customer lock, so that no rotation of the key comes between the rows and the saved key.
        db.lock(locks.CUSTOMERS, home.warehouse_url, shared=True),
        backup_folder.whole(to) as folder,
    ):
        manifest = {"format": backup_folder.FORMAT, "made_at": datetime.now(UTC).isoformat(timespec="seconds")}
        with step("the warehouse is saved"):
            manifest |= _save_warehouse(home, owners_files.empty(folder / WAREHOUSE))
        remarks = []
        with step("the models are saved"):
            if home.own_registry:
                _dump(home.database_url("mlflow"), owners_files.empty(folder / REGISTRY))
            else:
                remarks = [
                    "the backup does not contain the registry that MLFLOW_TRACKING_URI names; back it up separately"
                ]
            _save_files(home, owners_files.empty(folder / FILES))
        manifest |= {"models": _models_uri(home), "files": backup_folder.described(folder)}
        owners_files.write(folder / backup_folder.MANIFEST, json.dumps(manifest, indent=2).encode())
    return manifest, remarks


def restore(
    backup: Path, home: Settings, step: Step = nullcontext, erased: Path | None = None
) -> tuple[dict, list[str]]:
    """Restores a home from a backup; returns the content of its backup.json, and remarks for the operator.

    The home and its database must be empty, except for a list of erased persons. Persons on that list, or on the list
    in the file `erased` (from the home that was backed up), are erased again. Calling it again finishes a restore that
    was interrupted. Raises ClvError for a backup that is incomplete or of a newer version, and for a home that is not
    empty.
    """
    backup = backup.absolute()
    manifest = backup_folder.read(backup)
    if erased and not erased.is_file():
        raise ClvError(f"{erased} does not exist; name the file {LIST} of the home that was backed up")
    lines = erasures.read(erased) if erased else []
    remarks = []
    if not erased and not erasures.place(home).exists():
        remarks.append(
            f"persons who were erased after {manifest['made_at']} are in the restored home again; the file {LIST} "
            "of the home that was backed up lists them: restore with --erasures and that file"
        )
    with step("the backup is checked"):
        backup_folder.check_whole(backup, manifest)
    resumed = home.state.get("restoring") == str(backup)
    if home.embedded and (home.home / "postgres").exists() and not resumed:
        raise ClvError(f"{home.home} holds a warehouse already; restore into an empty home, named in CLV_HOME")
    stack.make_folders(home)
    _place_files(backup, home, SECRETS)
    home = home.remember(restoring=str(backup))
    with stack.database(home, step) as home:
        filled = _migrations(home.warehouse_url)
        try:
            _check_server(home, manifest)
            if not resumed:
                _require_empty(home, filled)
        except ClvError:
            home.remember(restoring=None)
            raise
        if not filled:  # else this step was finished before the restore was interrupted
            with step("the models are restored"):
                _place_files(backup, home, OTHERS)
                if REGISTRY in manifest["files"]:
                    _restore_registry(backup, home, manifest["models"])
            with step("the warehouse is restored"):
                _load(home.warehouse_url, backup / WAREHOUSE)
        with step("the published rows are compared with the backup"):
            _check_published(home, manifest)
        erasures.merge(home, lines + _erasures_in(backup))
        if again := erasing.apply(home, step):
            remarks.append(f"persons erased since the backup are erased again, receipt {again.receipt}")
        home.remember(restoring=None)
    return manifest, remarks


def _save_warehouse(home: Settings, path: Path) -> dict:
    """Dumps the warehouse as of one moment, and records which rows readers saw at that moment."""
    databases.claim_pseudonyms(home)
    # Hold the build lock: a build swaps tables, and pg_dump fails if a table disappears while it runs.
    with db.lock(locks.BUILD, home.warehouse_url), db.connect(home.warehouse_url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        snapshot = connection.execute("select pg_export_snapshot()").fetchall()[0][0]
        newest = publication.current(None, connection)
        shown = newest and {
            "as_of_date": newest.as_of_date.isoformat(),
            "run_id": newest.run_id,
            "digest": publication.digest(newest.as_of_date, newest.run_id, connection),
            "tables": sorted(published.tables()),
        }
        applied = connection.execute("select name from ops.migrations order by name").fetchall()
        _dump(home.warehouse_url, path, f"--snapshot={snapshot}")
        return {
            "postgresql": connection.info.server_version // 10000,
            "migrations": [name for (name,) in applied],
            "published": shown,
        }


def _save_files(home: Settings, path: Path) -> None:
    def owners_alone(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.mode &= 0o700
        member.uid = member.gid = 0
        member.uname = member.gname = ""
        return member

    with path.open("wb") as file:
        # In a container, secrets are links to files outside the home; save the files.
        with tarfile.open(fileobj=file, mode="w", dereference=True) as tar:
            for name in (*SECRETS, LIST, *OTHERS):
                if (home.home / name).exists():
                    tar.add(home.home / name, name, filter=owners_alone)
        file.flush()
        os.fsync(file.fileno())


def _place_files(backup: Path, home: Settings, names: tuple[str, ...]) -> None:
    """Extracts these files and folders into the home. Raises ClvError if a different file exists there."""
    with tarfile.open(backup / FILES) as tar:
        for member in tar:
            if not member.isfile() or not member.name.startswith(names):
                continue
            path = home.home / tarfile.data_filter(member, str(home.home)).name
            content = tar.extractfile(member).read()  # type: ignore[union-attr]
            if not path.exists():
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                owners_files.write(path, content)
                os.utime(path, (member.mtime, member.mtime))  # retention deletes copies by the file's time
            elif path.read_bytes().strip() != content.strip():
                raise ClvError(
                    f"{path} differs from the file in the backup; restore into an empty home, named in CLV_HOME"
                )


def _erasures_in(backup: Path) -> list[dict]:
    """The lines of the list of erased persons in the backup."""
    with tarfile.open(backup / FILES) as tar:
        file = tar.extractfile(LIST) if LIST in tar.getnames() else None
        return erasures.parsed(file.read().decode()) if file else []


def _restore_registry(backup: Path, home: Settings, old: str) -> None:
    """Restores MLflow's database, and changes the paths of the models' files to this home."""
    url = home.database_url("mlflow")
    _load(url, backup / REGISTRY, "--clean", "--if-exists")
    new = _models_uri(home)
    with db.connect(url) as connection:
        for table, columns in PLACES.items():
            if not connection.execute("select to_regclass(%s)", (table,)).fetchall()[0][0]:
                continue
            for column in columns:
                move = sql.SQL(
                    "update {table} set {column} = {new} || substr({column}, length({old}) + 1) "
                    "where {column} = {old} or starts_with({column}, {old} || '/')"
                ).format(
                    table=sql.Identifier(table),
                    column=sql.Identifier(column),
                    old=sql.Literal(old),
                    new=sql.Literal(new),
                )
                connection.execute(move)
    registry.grant_modeller(url)  # a dump does not contain the right to connect


def _require_empty(home: Settings, filled: list[str]) -> None:
    url = home.database_url("mlflow")
    with db.connect(url) as connection:
        there = connection.execute("select to_regclass('model_versions')").fetchall()[0][0]
        models = there and connection.execute("select 1 from model_versions limit 1").fetchall()
    if filled or models:
        address = place(home.warehouse_url if filled else url)
        raise ClvError(f"the database {address} holds data already; restore into an empty one")


def _check_server(home: Settings, manifest: dict) -> None:
    with db.connect(home.warehouse_url) as connection:
        version = connection.info.server_version // 10000
    if version < manifest["postgresql"]:
        raise ClvError(
            f"the backup is of PostgreSQL {manifest['postgresql']}, but {place(home.warehouse_url)} is {version}; "
            f"restore into version {manifest['postgresql']} or newer"
        )


def _check_published(home: Settings, manifest: dict) -> None:
    newest = manifest["published"]
    if newest:
        with db.connect(home.warehouse_url) as connection:
            # Backups of earlier versions have no list of tables: compare the published tables that they contain.
            names = newest.get("tables") or [
                name
                for name in published.tables()
                if connection.execute("select to_regclass(%s)", (f"{tables.ANALYTICS_RUNS}.{name}",)).fetchall()[0][0]
            ]
            found = publication.digest(
                date.fromisoformat(newest["as_of_date"]), newest["run_id"], connection, names, newest["digest"]
            )
        if found != newest["digest"]:
            raise ClvError(
                f"the rows published for {newest['as_of_date']} are not those of the backup "
                f"(digest {found}, not {newest['digest']}); restore another backup into an empty home"
            )


def _dump(url: str, path: Path, *options: str) -> None:
    # Without owners: the user who restores owns the tables until set-up hands them over.
    postgres.client("pg_dump", url, "--format=custom", "--no-owner", f"--file={path}", *options)


def _load(url: str, path: Path, *options: str) -> None:
    """Loads a dump in one transaction."""
    postgres.client("pg_restore", url, "--no-owner", "--single-transaction", "--exit-on-error", *options, str(path))


def _migrations(url: str) -> list[str]:
    with db.connect(url) as connection:
        if not connection.execute("select to_regclass('ops.migrations')").fetchall()[0][0]:
            return []
        return [name for (name,) in connection.execute("select name from ops.migrations").fetchall()]


def _models_uri(home: Settings) -> str:
    return home.models.resolve().as_uri()
