"""The state of a home, which `clv status` shows: what is published and how old it is, orders not yet published, and how
the last run ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from clv.catalog import dbt_project, tables
from clv.core.settings import Settings
from clv.platform import run_states
from clv.warehouse import db, publication, roles, runs

OLDEST = 1  # days that the newest published date may lie in the past, since today's run may still be running
DAYS = {"minute": 1 / 1440, "hour": 1 / 24, "day": 1.0}  # days per unit of time in dbt's freshness


@dataclass(frozen=True)
class Freshness:
    """When a source last received a file, judged by the limits in dbt_project/models/sources.yml.

    age: days since the last file. status: pass, warn or error. A source that never received a file passes.
    """

    source: str
    last_loaded_on: date | None
    age: int | None
    status: str


@dataclass(frozen=True)
class State:
    """The state of a home.

    removed_dates: published dates whose rows upkeep has removed; published_dates counts the others. age: days from the
    newest published date to today. unpublished_orders: loaded orders dated on or after the newest published date, which
    no published table contains yet. run_of_newest_date: the last run of the newest date that was started, except
    successful trainings; runs of older dates may have started later.
    """

    published_dates: int
    removed_dates: int
    newest: date | None
    newest_run: str | None
    age: int | None
    unpublished_orders: int
    last_run: runs.History | None
    run_of_newest_date: runs.History | None
    freshness: list[Freshness]

    @property
    def stale(self) -> list[str]:
        """Why the published tables are stale, one line per reason with its remedy; empty when they are not."""
        found = []
        if self.newest and self.age is not None and self.age > OLDEST:
            today = self.newest + timedelta(days=self.age)
            found.append(f"the newest published date is {self.age} days old; make today's: `clv run --as-of {today}`")
        for what, run in (("the last run", self.last_run), ("the run of the newest date", self.run_of_newest_date)):
            if run and run.state in ("failed", "dead") and (what == "the last run" or run != self.last_run):
                again = f"`clv run --as-of {run.as_of_date}`"
                how = "failed" if run.state == "failed" else "ended without an error message"
                found.append(f"{what} {how}; once the cause is fixed: {again}")
        for one in self.freshness:
            if one.status == "error":
                remedy = "`clv ingest --source NAME --path FILE_OR_FOLDER`"
                found.append(f"no file has been loaded for {one.age} days; load one: {remedy}")
        return found


def read(settings: Settings, today: date) -> State:
    """The state on a day. Raises Unavailable when the warehouse does not answer."""
    url = settings.url_as(roles.PUBLISHER)
    of_dates = publication.by_date(url)
    removed = sum(one.removed_at is not None for one in of_dates.values())
    newest, holding = next(iter(of_dates.items()), (None, None))
    last = runs.history(settings, today, limit=1)
    begun = db.rows(f"select max(as_of_date) from {tables.RUNS}", url=url)[0][0]  # noqa: S608 - our own names
    of_newest = runs.history(settings, today, as_of=begun) if begun else []
    reconciled = run_states.reconciled([*last, *of_newest], settings)
    return State(
        published_dates=len(of_dates) - removed,
        removed_dates=removed,
        newest=newest,
        newest_run=holding and holding.run_id,
        age=(today - newest).days if newest else None,
        unpublished_orders=_unpublished_orders(newest, today, url),
        last_run=reconciled[0] if reconciled else None,
        run_of_newest_date=next((run for run in reconciled[1:] if run.state != "trained"), None),
        freshness=[_freshness(rule, today, url) for rule in rules()],
    )


def _unpublished_orders(newest: date | None, today: date, url: str) -> int:
    """Counts the orders dated from `newest` to today, or all orders up to today when nothing is published.

    Reads only batches that may hold such orders: those that no run has taken in yet, and those whose last order is new
    enough.
    """
    since = newest or date.min
    there = db.rows("select to_regclass(%s) is not null", (tables.STG_BATCH_COUNTS,), url)[0][0]
    old = f"select batch_id from {tables.STG_BATCH_COUNTS} where last_ordered_at < %(since)s"  # noqa: S608 - our own names
    query = f"""
        select count(distinct (_source, order_id)) from {tables.ORDER_LINES}
        where ordered_at >= %(since)s and ordered_at < %(until)s and _rule is null and order_id is not null
            and _batch_id in (
            select batch_id from {tables.BATCHES}
            where kind = 'orders' and batch_id not in (select batch_id from {tables.WITHDRAWALS})
                {f"and batch_id not in ({old})" if there else ""}
        )
    """  # noqa: S608 - our own SQL; values are bound or quoted
    chosen = {"since": since, "until": today + timedelta(days=1)}
    return db.rows(query, chosen, url)[0][0]


def rules() -> list[dict]:
    """The limits of freshness in dbt's sources: table, loaded_at, filter, and the number of days after which to warn or
    fail."""
    found = []
    for _, source in dbt_project.declared("sources"):
        for table in source["tables"]:
            config = table.get("config") or {}
            if bounds := config.get("freshness"):
                days = {
                    name: bound["count"] * DAYS[bound["period"]]
                    for name in ("warn_after", "error_after")
                    if (bound := bounds.get(name))
                }
                place = f"{source['name']}.{table['name']}"
                loaded_at, rows = config["loaded_at_field"], bounds.get("filter") or "true"
                found.append({"table": place, "loaded_at": loaded_at, "filter": rows, **days})
    return found


def _freshness(rule: dict, today: date, url: str) -> Freshness:
    query = f"select (max({rule['loaded_at']}) at time zone 'UTC')::date from {rule['table']} where {rule['filter']}"  # noqa: S608 - our own SQL; values are bound or quoted
    last = db.rows(query, url=url)[0][0]
    age = (today - last).days if last else None
    status = "pass"
    for name, bound in (("warn", "warn_after"), ("error", "error_after")):
        if age is not None and bound in rule and age > rule[bound]:
            status = name
    return Freshness(rule["table"], last, age, status)
