"""The alerts of a home: rows of ops.alerts. A row begins when an event is seen and remembers what each channel sent."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from clv.alerts.events import KINDS, RECENT, Found, Key
from clv.catalog.tables import ALERTS
from clv.core.settings import Settings
from clv.warehouse import db
from clv.warehouse.roles import PUBLISHER

_COLUMNS = "alert_id, kind, subject, what, remedy, page, first_seen, recovered_at, sent, recovery_sent"


@dataclass(frozen=True)
class Alert:
    """One event. recovered_at: when it was seen to be over; None while it lasts. sent, recovery_sent: when each channel
    sent that it began, and that it is over."""

    alert_id: int
    kind: str
    subject: str
    what: str
    remedy: str
    page: str
    first_seen: datetime
    recovered_at: datetime | None
    sent: dict[str, str] = field(default_factory=dict)
    recovery_sent: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        return Key(self.kind, self.subject)

    @property
    def happens_once(self) -> bool:
        """Whether the event has no end that could be reported."""
        return KINDS[self.kind].recovered is None

    def is_due(self, channel: str) -> bool:
        """Whether a channel that hears of the kind still has to send the event."""
        return channel not in self.sent and (self.recovered_at is None or self.happens_once)

    def is_recovery_due(self, channel: str) -> bool:
        """Whether a channel that sent the event still has to send that it is over."""
        return (
            not self.happens_once
            and bool(self.recovered_at)
            and channel in self.sent.keys() - self.recovery_sent.keys()
        )


def open_keys(home: Settings) -> set[Key]:
    """The keys of the events that last."""
    query = f"select kind, subject from {ALERTS} where recovered_at is null"  # noqa: S608 - our own name
    return {Key(*row) for row in db.rows(query, url=home.url_as(PUBLISHER))}


def recent(home: Settings, since: datetime) -> list[Alert]:
    """The alerts that are open, and those that began or ended since a time; the newest first."""
    query = f"""
        select {_COLUMNS} from {ALERTS}
        where recovered_at is null or recovered_at >= %s order by first_seen desc, alert_id desc
    """  # noqa: S608 - our own names
    rows = db.rows(query, (since,), home.url_as(PUBLISHER))
    return [Alert(*row) for row in rows if row[1] in KINDS]


def record(found: Found, judged: Collection[str], now: datetime, home: Settings) -> None:
    """Adds rows for events that have none, and ends those of events that are no longer the case.

    judged: the kinds of events that were looked for.
    """
    known = open_keys(home)
    over = {key for key in known if key.kind in judged} - {event.key for event in found.events} - found.undecided
    with db.connect(home.url_as(PUBLISHER)) as connection:
        for event in found.events:
            once = KINDS[event.key.kind].recovered is None
            connection.execute(
                f"""
                insert into {ALERTS} (kind, subject, what, remedy, page, first_seen, recovered_at)
                select %(kind)s, %(subject)s, %(what)s, %(remedy)s, %(page)s, %(now)s, %(over)s
                where not exists (
                    select from {ALERTS} where kind = %(kind)s and subject = %(subject)s
                        and (recovered_at is null or %(over)s::timestamptz is not null)
                )
                """,  # noqa: S608 - our own name
                {
                    "kind": event.key.kind,
                    "subject": event.key.subject,
                    "what": event.what,
                    "remedy": event.remedy,
                    "page": event.page,
                    "now": now,
                    "over": now if once else None,
                },
            )
        for key in over:
            connection.execute(
                f"update {ALERTS} set recovered_at = %s where kind = %s and subject = %s and recovered_at is null",  # noqa: S608 - our own name
                (now, *key),
            )


def mark_sent(alerts: Iterable[Alert], channel: str, is_over: bool, now: datetime, home: Settings) -> None:
    """Remembers that a channel has sent these alerts, or that they are over."""
    column = "recovery_sent" if is_over else "sent"
    query = f"update {ALERTS} set {column} = {column} || %s::jsonb where alert_id = any(%s)"  # noqa: S608 - our own names
    with db.connect(home.url_as(PUBLISHER)) as connection:
        value = json.dumps({channel: now.isoformat(timespec="seconds")})
        connection.execute(query, (value, [alert.alert_id for alert in alerts]))  # type: ignore[arg-type]


def since(now: datetime) -> datetime:
    """The time from which on alerts that are over are still sent."""
    return now - RECENT
