"""Looks at a home's state, records its events, and sends what somebody has not heard of yet."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from clv.alerts import channels, events, ledger, messages, reading
from clv.alerts.declaration import Alerts
from clv.alerts.events import KINDS, Found, Key
from clv.alerts.ledger import Alert
from clv.alerts.messages import Message, Part
from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.warehouse import db
from clv.warehouse.roles import PUBLISHER
from clv.warehouse.runs import History

LOCK = "alerts"
CONFIRMED = timedelta(minutes=30)  # after which an export that is not confirmed counts as failed


@dataclass
class Looked:
    """What a look has sent, one line for each message, and what did not work."""

    sent: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def look(declared: Alerts, runs: list[History], address: str, now: datetime, home: Settings) -> Looked:
    """Records the events that are the case and those that are over, and sends both to the channels that hear of them.

    runs: the runs last started, with Airflow's states. address: that of Airflow's pages. A channel that fails does not
    stop the others; the next look sends what it missed. Looks at the same time wait for each other.
    """
    looked = Looked()
    with db.keeping_connections(), db.lock(LOCK, home.url_as(PUBLISHER)):
        found, judged = _events(declared, runs, now, home, looked)
        ledger.record(found, judged, now, home)
        alerts = ledger.recent(home, ledger.since(now))
        for name, channel in declared.channels.items():
            heard = [alert for alert in alerts if alert.kind in channel.hears]
            for is_over in (False, True):
                due = [one for one in heard if (one.is_recovery_due(name) if is_over else one.is_due(name))]
                for message, of_message in _messages(due, is_over, declared, address, home):
                    try:
                        remark = channels.send(channel, message, home)
                    except ClvError as error:
                        looked.errors.append(f"the channel {name}: {error}")
                        continue
                    ledger.mark_sent(of_message, name, is_over, now, home)
                    looked.sent.append(f"{name}: {message.title}")
                    looked.errors += [f"the channel {name}: {remark}"] if remark else []
    return looked


def _messages(
    due: list[Alert], is_over: bool, declared: Alerts, address: str, home: Settings
) -> list[tuple[Message, list[Alert]]]:
    """The messages about alerts, each with the alerts in it."""
    parts = [(alert.kind, is_over, part_of(alert, is_over, address)) for alert in due]
    return [
        (message, [alert for alert in due if alert.kind == message.kind])
        for message in messages.of(parts, shop_of(declared, home))
    ]


def part_of(alert: Alert, is_over: bool, address: str) -> Part:
    """An alert as a part of a message."""
    link = f"{address.rstrip('/')}/{alert.page}"
    over = (KINDS[alert.kind].recovered or "").format(subject=alert.subject)
    if is_over and alert.recovered_at:
        return Part(alert.subject, over, "", link, alert.recovered_at)
    return Part(alert.subject, alert.what, alert.remedy, link, alert.first_seen)


def shop_of(declared: Alerts, home: Settings) -> str:
    """What messages call the shop: the name in alerts.yml, or the name of the home's folder."""
    return declared.name or home.home.name


def _events(
    declared: Alerts, runs: list[History], now: datetime, home: Settings, looked: Looked
) -> tuple[Found, set[str]]:
    """The events of all kinds that are heard of, and the kinds that could be judged."""
    known = ledger.open_keys(home)
    together = Found()
    judged = KINDS.keys() - set(declared.heard)  # ends what nobody hears of any more
    for kinds, rule in _rules(declared, runs, known, now, home):
        if not set(kinds) & set(declared.heard):
            continue
        try:
            found = rule()
        except ClvError as error:
            looked.errors.append(f"{' and '.join(kinds)}: {error}")
            continue
        together.events += [event for event in found.events if event.key.kind in declared.heard]
        together.undecided |= found.undecided
        judged = judged | set(kinds)
    return together, judged


def _rules(
    declared: Alerts, runs: list[History], known: set[Key], now: datetime, home: Settings
) -> list[tuple[tuple[str, ...], Callable[[], Found]]]:
    """The kinds of events, with the rule that finds them."""

    def failed() -> Found:
        stopped = reading.stopped_by([run.run_id for run in runs if run.gate], home)
        return events.failed_runs(runs, stopped, known, now)

    def late() -> Found:
        assert declared.no_run_by  # noqa: S101 - `load` refuses to hear of it without an hour
        here = now.astimezone(ZoneInfo(home.shop.time_zone))
        return events.no_run_by(declared.no_run_by, reading.newest_published(home), here)

    def old() -> Found:
        assert declared.data_older_than  # noqa: S101 - as above
        return events.data_older_than(declared.data_older_than, reading.last_loaded(home), now)

    def unsent() -> Found:
        return events.exports_failed(runs, reading.unconfirmed_exports(now - CONFIRMED, home), known)

    def full() -> Found:
        disk = shutil.disk_usage(home.home)
        return events.disk_nearly_full(declared.disk_nearly_full, 100 - 100 * disk.free / disk.total, disk.free)

    return [
        (("run_failed", "gate_failed"), failed),
        (("gate_warning",), lambda: events.gate_warnings(reading.warnings(home), known, now)),
        (("no_run_by",), late),
        (("data_older_than",), old),
        (("forecast_missed",), lambda: events.forecasts_missed(reading.matured(home))),
        (("retrained",), lambda: events.retrained(reading.trained(ledger.since(now), home))),
        (("export_failed",), unsent),
        (("disk_nearly_full",), full),
    ]
