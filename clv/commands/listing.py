"""`clv batches`, `clv rejects`, `clv runs`: lists whose names and numbers other commands take."""

from __future__ import annotations

from functools import cache
from typing import Annotated

import typer

from clv.commands.console import out
from clv.commands.formats import AsCsv, AsJson, format_of
from clv.core import dates, masking, settings, tabular
from clv.platform import run_states
from clv.sources.loading import rejections
from clv.warehouse import runs as run_records

MASKED = "note: in values, x stands for any letter and 9 for any digit; --unmasked shows the values themselves"
Limit = Annotated[int, typer.Option(min=1, help="Number of rows to show, the newest first.")]


def batches(
    source: Annotated[str | None, typer.Option(help="Show only this source.")] = None,
    as_csv: AsCsv = False,
    as_json: AsJson = False,
) -> None:
    """List the loaded files, the newest first, with the counts of their rows, and whether they are withdrawn.

    Once a run has taken the batch in, rows received = accepted + rejected + replaced + duplicates + withdrawn_rows +
    erased_rows. Before that, only unreadable rows are counted. `withdrawn` gives the reason for withdrawing. `clv
    rejects --batch N` shows a file's warnings.
    """
    names = [
        "batch", "source", "kind", "file", "loaded_at", "received", "accepted", "rejected", "replaced", "duplicates",
        "withdrawn_rows", "erased_rows", "warnings", "withdrawn_at", "withdrawn",
    ]  # fmt: skip
    found = rejections.batches(settings.located(), source)
    rows = (
        (
            one.batch_id, one.source, one.kind, one.file_name, one.loaded_at.replace(microsecond=0), one.received,
            one.accepted, one.rejected, one.replaced, one.duplicates, one.withdrawn_rows, one.erased_rows, one.warnings,
            one.withdrawn_at and one.withdrawn_at.replace(microsecond=0), one.withdrawn,
        )
        for one in found
    )  # fmt: skip
    tabular.write(names, rows, format_of(as_csv, as_json))


def rejects(
    batch: Annotated[int | None, typer.Option(help="Show the rejected rows of this batch, one per line.")] = None,
    source: Annotated[str | None, typer.Option(help="Show only this source.")] = None,
    unmasked: Annotated[bool, typer.Option("--unmasked", help="Show values unmasked; they may be personal.")] = False,
    as_csv: AsCsv = False,
    as_json: AsJson = False,
) -> None:
    """List the reasons why rows are rejected, counted over all batches that are not withdrawn, or the rejected rows of
    one batch.

    Values are masked: letters as x, digits as 9. Numbers, dates, currencies and words of the mapping are shown.
    """
    if batch is not None and source is not None:
        raise typer.BadParameter("give either --batch or --source")
    home, style = settings.located(), format_of(as_csv, as_json)

    @cache
    def words(source: str) -> set[str]:
        return rejections.known_words(source, home)

    def shown(reason: str, source: str) -> str:
        return reason if unmasked else masking.reason(reason, words(source))

    if batch is None:
        counted = (
            (one.rows, shown(one.example, one.source), one.source, one.batch_id, one.file_name, one.line)
            for one in rejections.reasons(home, source)
        )
        tabular.write(["rows", "reason", "source", "batch", "file", "first_line"], counted, style)
        if style == "table" and not unmasked:
            out.print(MASKED)
        return
    limit = tabular.ROWS_SHOWN + 1 if style == "table" else None
    of_batch = rejections.source_of(batch, home)
    rejected = (
        (one.line, shown(one.reason, of_batch), one.text if unmasked or one.text is None else masking.masked(one.text))
        for one in rejections.rows(home, batch, limit)
    )
    tabular.write(["line", "reason", "text"], rejected, style)
    if style == "table":
        if not unmasked:
            out.print(MASKED)
        if not rejections.is_processed(batch, home):
            out.print(
                "note: no run has taken this batch in yet; until then, filtered and incomplete rows are not listed"
            )
        for warning in rejections.warnings(batch, home):
            out.print(f"warning: {warning}", markup=False)
        for remedy in rejections.remedies(batch, home):
            out.print(f"remedy: {remedy}", markup=False)


def runs(
    limit: Limit = 20,
    as_of: Annotated[str | None, typer.Option("--as-of", help="Show only this date.")] = None,
    as_csv: AsCsv = False,
    as_json: AsJson = False,
) -> None:
    """List the runs, the last started first: state, last step, and the gate that stopped them.

    --csv and --json show errors in full.
    """
    day = dates.parse_date(as_of, "--as-of") if as_of else None
    home, style = settings.located(), format_of(as_csv, as_json)
    found = run_states.reconciled(run_records.history(home, dates.today(), limit, day), home)
    names = ["run_id", "as_of_date", "state", "last_step", "stopped_by", "started_at", "minutes", "error"]
    rows = (
        (
            one.run_id, one.as_of_date, one.state, one.step, one.gate and f"gate {one.gate}",
            one.started_at.replace(microsecond=0),
            round((one.ended_at - one.started_at).total_seconds() / 60, 1) if one.ended_at else None,
            run_records.brief(one.error) if style == "table" and one.error else one.error,
        )
        for one in found
    )  # fmt: skip
    tabular.write(names, rows, style)
