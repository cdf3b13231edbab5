"""The kinds of events, and the rules by which they are found in what was read of the home's state.

A rule returns the events that are the case now, and those that cannot be judged now: an open alert about one of these
stays open. Nothing in an event names a customer or quotes a row.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import NamedTuple
from urllib.parse import quote

from clv.warehouse.runs import PUBLISHED, History

RECENT = timedelta(days=2)  # older events are not reported when somebody begins to listen
UNDER_WAY = ("running", "waiting")
SUCCEEDED = (*PUBLISHED, "trained")
TRAIN = "clv_train"
EXPORT = "export"  # the step that exports lists after publication
SLACK = 2  # percent of the disk that must become free before the alert is over


class Key(NamedTuple):
    """What an event is about: with one open alert for each key, an event is reported once."""

    kind: str
    subject: str


class Kind(NamedTuple):
    """title: of messages. recovered: the sentence that says that it is over; None for what happens once. is_single:
    whether there is only one such event at a time, so that titles need not name its subject."""

    title: str
    recovered: str | None
    is_single: bool = False


KINDS = {
    "run_failed": Kind("A run failed", "The run for {subject}, or one for a later date, has succeeded."),
    "gate_failed": Kind("A gate stopped a run", "The run for {subject}, or one for a later date, has succeeded."),
    "gate_warning": Kind("A gate warns", "The expectation {subject} is met again."),
    "no_run_by": Kind("Nothing is published in time", "The run of the day is published.", is_single=True),
    "data_older_than": Kind("No new orders", "A file of orders was loaded.", is_single=True),
    "forecast_missed": Kind(
        "A forecast missed", "The newest forecast for {subject} to mature was within its interval."
    ),
    "retrained": Kind("A model was trained", None),
    "export_failed": Kind("An export failed", "The exports of {subject} no longer fail."),
    "disk_nearly_full": Kind("The disk is nearly full", "The disk has room again.", is_single=True),
}


@dataclass(frozen=True)
class Event:
    """what: what happened, a sentence. remedy: what to do. page: the page to look at, below the address of Airflow's
    pages."""

    key: Key
    what: str
    remedy: str
    page: str


@dataclass
class Found:
    """events: those that are the case. undecided: keys that cannot be judged now."""

    events: list[Event] = field(default_factory=list)
    undecided: set[Key] = field(default_factory=set)


class Judged(NamedTuple):
    """The result of one expectation. problem: what it looks for. remedy: what to do if it is not met."""

    run_id: str
    as_of_date: date
    gate: str
    expectation: str
    success: bool
    problem: str | None
    remedy: str | None
    judged_at: datetime


class Matured(NamedTuple):
    """The total of a forecast whose window is over, in money, with the bounds that were published."""

    as_of_date: date
    horizon_days: int
    currency: str | None
    actual: float
    low: float
    high: float


def subject_of(run: History) -> str:
    """What alerts call the runs of a date."""
    return f"{run.as_of_date}" + (f" of {TRAIN}" if run.dag_id == TRAIN else "")


def failed_runs(runs: list[History], stopped_by: dict[str, Judged], known: Collection[Key], now: datetime) -> Found:
    """Failed runs: `gate_failed` if a gate stopped the run, else `run_failed`. An alert is over when a run of the date,
    or of a later one, has succeeded since.

    runs: the last started first. stopped_by: the first critical expectation that was not met, by run.
    """
    found = Found()
    kinds, considered = ("run_failed", "gate_failed"), set()
    for subject, of_date in groupby(sorted(runs, key=subject_of), key=subject_of):
        considered.add(subject)
        run = max(of_date, key=lambda one: one.started_at)
        keys = {Key(kind, subject) for kind in kinds}
        if run.state in UNDER_WAY:
            found.undecided |= keys
        elif _has_succeeded(run) or _is_followed(run, runs):
            continue
        elif run.started_at >= now - RECENT or keys & set(known):
            event = _stopped(run, stopped_by[run.run_id]) if run.run_id in stopped_by else _failed(run)
            found.events.append(event)
            found.undecided |= keys - {event.key}  # a run of the date failed otherwise before: that is not over yet
    found.undecided |= {key for key in known if key.kind in kinds and key.subject not in considered}
    return found


def _has_succeeded(run: History) -> bool:
    """Whether a run, and what follows its publication, succeeded. A failed export is an event of its own."""
    return run.state in SUCCEEDED and (not run.error or run.step == EXPORT)


def _is_followed(run: History, runs: Iterable[History]) -> bool:
    """Whether a run of the same DAG, for this date or a later one, has succeeded since."""
    return any(
        _has_succeeded(one)
        and one.started_at > run.started_at
        and one.as_of_date >= run.as_of_date
        and one.dag_id == run.dag_id
        for one in runs
    )


def _failed(run: History) -> Event:
    how = "ended without an error message" if run.state == "dead" else f"failed in the step {run.step or 'open_run'}"
    stays = "Its rows are published." if run.state in SUCCEEDED else "What was published before stays."
    what = f"The run for {subject_of(run)} {how}. {stays}"
    remedy = (
        f"`clv runs --as-of {run.as_of_date}` gives the reason; correct it, then clear the failed task in Airflow, or "
        f"start the run again: {_again(run)}"
    )
    return Event(Key("run_failed", subject_of(run)), what, remedy, _page(run))


def _stopped(run: History, first: Judged) -> Event:
    what = (
        f"The gate {first.gate} stopped the run for {subject_of(run)}, so nothing new is published: "
        f"{first.problem or 'an expectation is not met'} ({first.expectation})."
    )
    remedy = f"{first.remedy}; then " if first.remedy else ""
    remedy += f"clear the task gate_{first.gate} in Airflow, or start the run again: {_again(run)}"
    return Event(Key("gate_failed", subject_of(run)), what, remedy, gates_page(run.run_id))


def _again(run: History) -> str:
    return f"`clv run --as-of {run.as_of_date}`" if run.dag_id != TRAIN else f"start {TRAIN} for {run.as_of_date}"


def _page(run: History) -> str:
    dag = run.dag_id or "clv_daily"
    return f"dags/{dag}/runs/{quote(run.started_by, safe='')}"


def gates_page(run_id: str) -> str:
    """The page of a run's gates, below the address of Airflow's pages."""
    return f"customer-value/gates/{run_id}.html"


def gate_warnings(judged: Iterable[Judged], known: Collection[Key], now: datetime) -> Found:
    """Expectations of the newest date that are warnings and were not met.

    judged: of each such expectation of the date, the last result.
    """
    found, considered = Found(), set()
    for one in judged:
        key = Key("gate_warning", one.expectation)
        considered.add(key)
        if not one.success and (key in known or one.judged_at >= now - RECENT):
            what = f"The gate {one.gate} warns of the run for {one.as_of_date}: {one.problem} ({one.expectation})."
            remedy = f"{one.remedy or 'look at the page of the gates'}; the run went on"
            found.events.append(Event(key, what, remedy, gates_page(one.run_id)))
    found.undecided = {key for key in known if key.kind == "gate_warning" and key not in considered}
    return found


def no_run_by(hour: time, published: date | None, now: datetime) -> Found:
    """The date whose run should be published by an hour is not published, and no later one.

    now: in the time zone of the hour. published: the newest published date.
    """
    due = now.replace(hour=hour.hour, minute=hour.minute, second=0, microsecond=0)
    if due > now:
        due -= timedelta(days=1)
    expected = due.astimezone(UTC).date()  # the day that began at 00:00 UTC, when its run starts
    if published and published >= expected:
        return Found()
    newest = f"the newest published date is {published}" if published else "nothing is published yet"
    what = f"The run for {expected} is not published by {hour:%H:%M}; {newest}."
    remedy = f"`clv status` shows what is down or failed; then `clv run --as-of {expected}`"
    return Found([Event(Key("no_run_by", "the daily run"), what, remedy, "dags/clv_daily")])


def data_older_than(limit: timedelta, loaded: datetime | None, now: datetime) -> Found:
    """The last file of orders was loaded longer ago than the limit. A home without any file has no such event."""
    if loaded is None or now - loaded <= limit:
        return Found()
    what = f"No file of orders was loaded since {loaded.astimezone(UTC):%Y-%m-%d %H:%M} UTC."
    remedy = (
        "find out why the shop delivers none, or load one: `clv ingest --source NAME --path FILE_OR_FOLDER`; for "
        "declared connectors: `clv fetch`"
    )
    return Found([Event(Key("data_older_than", "orders"), what, remedy, "dags/clv_daily")])


def forecasts_missed(matured: Iterable[Matured]) -> Found:
    """Totals outside their intervals. matured: of each horizon, the newest forecast whose window is over."""
    events = []
    for one in matured:
        if not one.low <= one.actual <= one.high:
            what = (
                f"The forecast of {one.as_of_date} for {one.horizon_days} days has matured: its customers brought "
                f"{one.actual:,.2f} {one.currency or ''}".rstrip()
                + f", outside its interval of {one.low:,.2f} to {one.high:,.2f}."
            )
            remedy = (
                "one total in five misses by chance; if it goes on, look for what changed in the shop (prices, "
                "advertising, missing orders), then train again: `clv run --as-of DATE --force-retrain`"
            )
            page = "customer-value/index.html"
            events.append(Event(Key("forecast_missed", f"{one.horizon_days} days"), what, remedy, page))
    return Found(events)


def retrained(trained: Iterable[tuple[str, str, date]]) -> Found:
    """Models that were trained. trained: of each, its version, its training date, and the date of the run."""
    events = []
    for version, training_date, as_of in trained:
        what = f"The run for {as_of} trained the model {version} for {training_date}."
        remedy = "nothing; `clv models` lists the models and the published forecasts"
        events.append(Event(Key("retrained", version), what, remedy, "customer-value/index.html"))
    return Found(events)


def exports_failed(
    runs: list[History], unconfirmed: Iterable[tuple[str, str, date, int]], known: Collection[Key]
) -> Found:
    """The step `export` of the last run failed; or, if not, lists that did not arrive.

    runs: the last started first. unconfirmed: the list, the destination, the date, and how many customers.
    """
    of_step = Key("export_failed", "the daily run")
    last = next((run for run in runs if run.dag_id != TRAIN), None)
    if last and last.state in UNDER_WAY:
        return Found(undecided={key for key in known if key.kind == of_step.kind})
    if last and last.error and last.step == EXPORT:
        what = f"The run for {last.as_of_date} is published, but its exports failed in part or altogether."
        remedy = (
            f"`clv runs --as-of {last.as_of_date}` gives the reason; correct it, then clear the task {EXPORT} in "
            "Airflow; nobody is sent out twice"
        )
        return Found([Event(of_step, what, remedy, _page(last))], {key for key in known if key.kind == of_step.kind})
    found = Found()
    for name, destination, as_of, customers in unconfirmed:
        what = f"Of the list {name} of {as_of}, {customers} customers are not confirmed by {destination}."
        remedy = f"repeat it: `clv export {name} --to {destination} --as-of {as_of}`; nobody is sent out twice"
        key = Key(of_step.kind, f"{name} to {destination}")
        found.events.append(Event(key, what, remedy, "dags/clv_daily"))
    return found


def disk_nearly_full(limit: int, used: float, free: int) -> Found:
    """The home's disk has less room than the limit leaves. limit, used: percent. free: bytes."""
    key = Key("disk_nearly_full", "the home's disk")
    if used < limit:
        return Found(undecided={key} if used > limit - SLACK else set())
    what = f"The disk of the home is {used:.0f} % full; {free / 1e9:,.1f} GB are free."
    remedy = (
        "make room: delete loaded files in landing/, and copies of backups; with `daily_history_days` in shop.json, "
        "upkeep keeps less"
    )
    return Found([Event(key, what, remedy, "dags/clv_upkeep")])
