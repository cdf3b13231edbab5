"""`clv up`, `clv down`, `clv status`."""

from __future__ import annotations

import shlex
from urllib.parse import urlsplit

import typer
from rich.table import Table

from clv.commands.console import out, steps
from clv.core import dates, settings
from clv.core.errors import ClvError
from clv.pipeline import own
from clv.platform import airflow_session, airflow_state, state
from clv.platform.runtime import airflow, postgres, stack
from clv.sources.loading import currencies
from clv.warehouse import runs


def up() -> None:
    """Start the database and Airflow, and repair what is missing.

    Everything lives in CLV_HOME (default .clv) and listens on loopback only. Running it again is safe and quick.
    """
    started, remarks = start()
    where(started)
    for remark in [*remarks, *own.remarks(started)]:
        out.print(f"[yellow]note:[/] {remark}")


def start() -> tuple[settings.Settings, list[str]]:
    """Starts the home's services and shows progress; returns the home's settings and remarks for the operator. Raises
    ClvError before anything starts for a wrong declaration of a step, a kind of source or a forecaster of the shop's
    own."""
    home = settings.load()
    own.check(home)
    with steps() as step:
        return stack.up(home, step)


def where(home: settings.Settings, show_password: bool = False) -> None:
    """Prints the addresses: Airflow's pages, and the psql command for analysts."""
    password = home.secret("airflow_password") if show_password else f"in {home.secrets / 'airflow_password'}"
    out.print(f"Airflow    {airflow.url(home)}  user {airflow.USER}, password {password}")
    out.print(f"           or user viewer, read only, password in {home.secrets / 'airflow_viewer_password'}")
    out.print(f"           or user marketer, lists only, password in {home.secrets / 'airflow_marketer_password'}")
    out.print(f"warehouse  {psql_line(home)}")


def psql_line(home: settings.Settings) -> str:
    """The command that opens psql as an analyst. It reads the password from its file, so that the password is not
    shown."""
    parts = urlsplit(home.analyst_url)
    program = "psql" if not home.embedded else shlex.quote(str(postgres.BIN / "psql"))
    secret = shlex.quote(str(home.secrets / "analyst_password"))
    query = f"?{parts.query}" if parts.query else ""
    place = f"postgresql://{parts.username}@{parts.hostname}:{parts.port or 5432}{parts.path}{query}"
    return f'PGPASSWORD="$(cat {secret})" {program} "{place}"'


def down() -> None:
    """Stop everything that was started, including tasks and Spark.

    The data stays.
    """
    home = settings.located()
    active = _active_runs(home)
    with steps() as step:
        ended = stack.down(home, step)
    out.print("nothing was running" if not ended else f"all services of {home.home} are stopped")
    if active:
        days = ", ".join(active[:5]) + (", …" if active[5:] else "")
        out.print(f"runs that have not ended continue at the next `clv up`: {len(active)} ({days})")


def _active_runs(home: settings.Settings) -> list[str]:
    """The dates of the runs that are running or queued; empty when Airflow does not answer."""
    try:
        return [run.day for run in airflow_state.active(airflow_session.Airflow(home))]
    except ClvError:
        return []


def status() -> None:
    """Show each service, what is published, what is not yet published, and how the last run ended.

    Exit codes: 0 all is well; 3 a service is down; 5 shop.json is invalid; 4 what is published is stale, because its
    newest date is before yesterday, the last run or the run of the newest date failed, or no file has been loaded for
    longer than dbt's sources allow.
    """
    home = settings.located()
    found = stack.status(home)
    table = Table(box=None, pad_edge=False)
    for column in ("service", "state", "pid", "where"):
        table.add_column(column, overflow="fold")
    colours = {"up": "green", "starting": "yellow", "down": "red"}
    for service in found:
        colour = colours[service.health]
        pid = str(service.pid or "")
        table.add_row(service.name, f"[{colour}]{service.health}[/]", pid, service.where)
    out.print(f"home {home.home}")
    out.print(table)
    fault = _fault(home, has_database=found[0].health == "up")
    if fault:
        out.print(f"settings   {fault}", style="red", markup=False)
    stale = _show_state(home) if found[0].health == "up" else []
    if any(service.health != "up" for service in found):
        out.print("to start the home, or to restart services that are down: clv up")
        raise typer.Exit(3)
    if fault:
        raise typer.Exit(5)
    if stale:
        raise typer.Exit(4)


def _fault(home: settings.Settings, has_database: bool) -> str | None:
    """The error in the home's shop.json, with its remedy; None when there is none."""
    try:
        found = settings.load(home.home)
        if has_database:
            currencies.require_same_currency(found)
    except ClvError as error:
        return str(error)
    return None


def _show_state(home: settings.Settings) -> list[str]:
    """Prints what is published, orders not yet published, and the last run; returns the reasons why the published
    tables are stale."""
    found = state.read(home, dates.today())
    if found.newest:
        age = {0: "today", 1: "yesterday"}.get(found.age or 0, f"{found.age} days ago")
        several = f"; {found.published_dates} dates" if found.published_dates > 1 else ""
        several += f"; {found.removed_dates} removed by upkeep" if found.removed_dates else ""
        out.print(f"published  {found.newest} ({age}), run {found.newest_run}{several}")
    else:
        out.print("published  nothing yet; to run a date: clv run --as-of DATE")
    if found.unpublished_orders:
        since = f"dated {found.newest} or later" if found.newest else "loaded"
        out.print(f"waiting    {found.unpublished_orders:,} orders {since}, not in the published tables yet")
    for one in found.freshness:
        if one.last_loaded_on:
            late = "" if one.status == "pass" else f", {one.age} days ago: deliveries may have stopped"
            out.print(
                f"last file  loaded on {one.last_loaded_on}{late}", style=None if one.status == "pass" else "yellow"
            )
    if run := found.last_run:
        ended = f"{run.ended_at or run.started_at:%Y-%m-%d %H:%M}"
        since = f" since {run.started_at:%Y-%m-%d %H:%M}" if run.state in ("running", "waiting") else ""
        why = f" in {run.step}: {runs.brief(run.error)}" if run.error else f", last step {run.step or 'open_run'}"
        out.print(f"last run   {run.run_id} {run.state}{since}{why} ({ended})", markup=False)
    for line in found.stale:
        out.print(f"stale      {line}", style="red", markup=False)
    return found.stale
