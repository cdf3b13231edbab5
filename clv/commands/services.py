"""`clv up`, `clv down`, `clv status`."""

from __future__ import annotations

import typer

from clv import settings


def up() -> None:
    """Start the database and Airflow, and mend what is missing.

    Everything lives in CLV_HOME (default .clv) and listens on loopback only. Running it again is safe and quick.
    """
    started, remarks = start()
    where(started)
    from clv.commands.console import out
    from clv.remarks import of_settings

    for remark in [*remarks, *of_settings(started)]:
        out.print(f"[yellow]note:[/] {remark}")


def start() -> tuple[settings.Settings, list[str]]:
    """Brings the home up with progress; gives its settings and the remarks."""
    from clv.commands.console import steps
    from clv.runtime import stack

    with steps() as step:
        return stack.up(settings.load(), step)


def where(home: settings.Settings, show_password: bool = False) -> None:
    """Prints where to look: Airflow's pages, the analyst's psql line."""
    from clv.commands.console import out
    from clv.runtime import airflow

    password = home.secret("airflow_password") if show_password else f"in {home.secrets / 'airflow_password'}"
    out.print(f"Airflow    {airflow.url(home)}  user {airflow.USER}, password {password}")
    out.print(f"           or user viewer, who only looks, password in {home.secrets / 'airflow_viewer_password'}")
    out.print(f"warehouse  {psql_line(home)}")


def psql_line(home: settings.Settings) -> str:
    """The line with which an analyst opens psql, the password read from its file rather than shown."""
    import shlex
    from urllib.parse import urlsplit

    from clv.runtime import postgres

    parts = urlsplit(home.analyst_url)
    program = "psql" if not home.embedded else shlex.quote(str(postgres.BIN / "psql"))
    secret = shlex.quote(str(home.secrets / "analyst_password"))
    query = f"?{parts.query}" if parts.query else ""
    place = f"postgresql://{parts.username}@{parts.hostname}:{parts.port or 5432}{parts.path}{query}"
    return f'PGPASSWORD="$(cat {secret})" {program} "{place}"'


def down() -> None:
    """Stop everything that was started, tasks and Spark included.

    The data stays.
    """
    from clv.commands.console import out, steps
    from clv.runtime import stack

    home = settings.load()
    with steps() as step:
        ended = stack.down(home, step)
    out.print("nothing was running" if not ended else f"everything of {home.home} is stopped")


def status() -> None:
    """Show each service and what is published.

    Exits with 0 when everything is up, else with 3.
    """
    from rich.table import Table

    from clv.commands.console import out
    from clv.runtime import stack

    home = settings.load()
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
    if found[0].health == "up":
        published = _published(home)
        newest = f", newest {', '.join(published[:5])}" if published else ""
        out.print(f"{len(published)} date{'' if len(published) == 1 else 's'} published{newest}")
    if any(service.health != "up" for service in found):
        raise typer.Exit(3)


def _published(home: settings.Settings) -> list[str]:
    from clv import roles, tables, warehouse

    query = f"select distinct as_of_date from {tables.PUBLICATIONS} order by as_of_date desc"
    return [str(day) for (day,) in warehouse.rows(query, url=home.url_as(roles.PUBLISHER))]
