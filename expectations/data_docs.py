"""Data Docs of the last gates, under CLV_HOME/reports/data_docs: made by Great Expectations from ops.gate_documents."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from pathlib import Path

from clv import roles, settings, warehouse

# Parts of GX's site that say nothing about a run.
_LEFT_OUT = {"expectations": "None", "profiling": "None"}


def build() -> Path:
    """Builds the site anew and puts it in the place of the old one at once; returns its first page."""
    reports = settings.load().reports
    reports.mkdir(parents=True, exist_ok=True)
    with (reports / ".data_docs.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        fresh = Path(tempfile.mkdtemp(prefix=".data_docs.", dir=reports))
        try:
            _render(fresh)
            fresh.chmod(0o755)
            _swap(fresh, reports / "data_docs")
        except BaseException:
            shutil.rmtree(fresh, ignore_errors=True)
            raise
    return reports / "data_docs" / "index.html"


def _render(folder: Path) -> None:
    from expectations import rules  # noqa: F401 - makes our expectations known to GX
    from expectations.runner import context

    gx = context()
    from great_expectations.core.expectation_validation_result import ExpectationSuiteValidationResultSchema
    from great_expectations.core.run_identifier import RunIdentifier
    from great_expectations.data_context.types.resource_identifiers import (
        ExpectationSuiteIdentifier,
        ValidationResultIdentifier,
    )

    rows = warehouse.rows(
        "select run_id, gate, judged_table, judged_at, document from ops.gate_documents", url=roles.url(roles.PUBLISHER)
    )
    for run_id, gate, table, judged_at, document in rows:
        document["meta"]["run_id"] = {"run_name": run_id, "run_time": judged_at.isoformat()}
        key = ValidationResultIdentifier(
            expectation_suite_identifier=ExpectationSuiteIdentifier(f"{gate}.{table}"),
            run_id=RunIdentifier(run_name=run_id, run_time=judged_at),
            batch_identifier=table,
        )
        gx.validation_results_store.set(key, ExpectationSuiteValidationResultSchema().load(document))
    site = {
        "class_name": "SiteBuilder",
        "show_how_to_buttons": False,
        "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(folder)},
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
        "site_section_builders": _LEFT_OUT,
    }
    gx.add_data_docs_site("gates", site)  # type: ignore[arg-type]
    gx.build_data_docs(site_names=["gates"])


def _swap(fresh: Path, place: Path) -> None:
    """`place` is a link to the folder that holds: a link can be replaced at once, a folder cannot."""
    old = place.resolve() if place.is_symlink() else None
    link = fresh.with_name(fresh.name + ".link")
    link.symlink_to(fresh.name)
    link.replace(place)
    if old and old != fresh:
        shutil.rmtree(old, ignore_errors=True)
