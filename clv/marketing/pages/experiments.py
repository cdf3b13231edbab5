"""The page Experiments: those that were started, with their read-outs, those that are planned, and the form that stops
one."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import groupby
from typing import Any, NamedTuple

from fastapi import APIRouter, Request, Response
from psycopg.rows import dict_row

from clv.core import settings
from clv.core.settings import Settings
from clv.decisions.experiments import assigning, definitions, planning, population, wording
from clv.decisions.experiments.assigning import Started
from clv.decisions.experiments.metrics import METRICS
from clv.decisions.experiments.reading import CLOSED
from clv.marketing import acts, frame
from clv.marketing.signed_in import Acting, Looking
from clv.reporting.report.sections.experiments import RESULTS, read_outs
from clv.warehouse import db
from clv.warehouse.roles import PUBLISHER

router = APIRouter(prefix="/experiments")
SECONDS = 60  # that a query of a plan may take


class Shown(NamedTuple):
    """An experiment on the page. state: how far it is, in words. result: its newest read-out as the report shows it,
    None before the first one. figures: its rows. lost: customers of the start who are not read any more, by arm."""

    started: Started
    state: str
    is_running: bool
    result: dict[str, Any] | None
    figures: list[tuple]
    lost: dict[str, int]


@router.get("")
def every_experiment(request: Request, user: Looking) -> Response:
    """The experiments that were started, the newest first, and the names of those that only have a file."""
    home = settings.located()
    newest = population.newest_date(home)
    rows = {name: list(found) for name, found in groupby(_rows(newest, home), key=lambda row: row["experiment"])}
    found = [shown(one, newest, rows.get(one.name, [])) for one in assigning.every(home)]
    planned = sorted({*definitions.names(home)} - {one.started.name for one in found})
    return frame.page(request, user, "experiments.html", experiments=found, planned=planned)


@router.get("/{name}")
def one_experiment(request: Request, user: Looking, name: str, done: int = 0) -> Response:
    """An experiment: the read-out of one that was started, with the form that stops it; the plan of any other."""
    home = settings.located()
    started = next((one for one in assigning.every(home) if one.name == name), None)
    if started is None:
        definition = definitions.load(name, home)
        plan = planning.plan(name, definition, home, SECONDS)
        lines, windows = wording.of_plan(name, definition, plan), wording.windows(plan.windows, "table")
        return frame.page(request, user, "plan.html", name=name, lines=lines, windows=windows)
    newest = population.newest_date(home)
    rows = [row for row in _rows(newest, home) if row["experiment"] == name]
    log = acts.of(f"experiment {name}", home)
    result = next((one for one in log if one.act_id == done), None)
    one = shown(started, newest, rows)
    return frame.page(request, user, "experiment.html", one=one, newest=newest, acts=log, result=result)


@router.post("/{name}/stop")
def stop(request: Request, user: Acting, name: str) -> Response:
    """Ends an experiment at the newest published date."""
    home = settings.located()
    with db.connect(home.url_as(PUBLISHER)) as connection:
        day = assigning.stop(name, home, over=connection)
        what = f"{name} is stopped: days from {day} on do not count"
        number = acts.record(user.name, "stop", f"experiment {name}", what, home, over=connection)
    return frame.to(request, f"/experiments/{name}?done={number}")


def shown(started: Started, newest: date | None, rows: list[dict]) -> Shown:
    """What the page shows of an experiment. newest: the newest published date. rows: its newest read-out."""
    days, definition = started.definition.window_days, started.definition
    over = min(max((newest - started.started_on).days, 0), days) if newest else 0
    if started.stopped_on:
        state = f"stopped on {started.stopped_on}"
    elif over >= days:
        state = "its days are over"
    else:
        state = f"day {over} of {days}; the result comes on {started.started_on + timedelta(days=days)}"
    lost = {}
    if rows:
        kept = {row["arm"]: row["customers"] for row in rows} | {definition.control: rows[0]["control_customers"]}
        lost = {arm: count - kept[arm] for arm, count in started.assigned.items() if count > kept.get(arm, count)}
    result = read_outs(rows)[0] if rows else None
    return Shown(started, state, not started.stopped_on and over < days, result, [figures(row) for row in rows], lost)


def figures(row: dict) -> tuple:
    """A comparison as the page shows it: metric, arm, the two means, the difference and the ends of its interval, as
    texts. The interval is the one that is the result: to be read once, or to be looked at daily."""
    bounds = ("adjusted_low", "adjusted_high") if row["state"] == CLOSED else ("always_valid_low", "always_valid_high")
    values = [row[name] for name in ("mean", "control_mean", "adjusted_difference", *bounds)]
    places = 2 if METRICS[row["metric"]].is_money else 4
    return (row["metric"], row["arm"], *("–" if value is None else f"{value:,.{places}f}" for value in values))


def _rows(newest: date | None, home: Settings) -> list[dict]:
    """The newest read-out of each experiment by a date, the newest experiment first."""
    with db.connect(home.url_as(PUBLISHER)) as connection:
        return connection.cursor(row_factory=dict_row).execute(RESULTS, {"as_of": newest or date.min}).fetchall()  # type: ignore[arg-type]
