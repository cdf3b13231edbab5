"""The log of acts on these pages, ops.acts: who did what and when. Approvals and the ledger of exports record what
counts; the log says where it came from. Nothing in it is about a customer."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import psycopg
from psycopg.rows import class_row

from clv.catalog.tables import ACTS
from clv.core.settings import Settings
from clv.warehouse import db
from clv.warehouse.roles import PUBLISHER


class Act(NamedTuple):
    """An act, or the receipt of one. subject: what it is about, such as "list win_back". detail: what followed, in
    lines. receipt_of: the number of the act that it is the receipt of."""

    act_id: int
    acted_at: datetime
    acted_by: str
    act: str
    subject: str
    detail: str
    receipt_of: int | None = None

    @property
    def has_failed(self) -> bool:
        """Whether it is the receipt of something that failed."""
        return self.act.endswith("failed")


def record(
    by: str,
    act: str,
    subject: str,
    detail: str,
    home: Settings,
    receipt_of: int | None = None,
    over: psycopg.Connection | None = None,
) -> int:
    """Logs an act. Returns its number, by which a page shows it. over: the connection in whose transaction the act is
    done, so that it counts only if it is logged."""
    query = f"""
        insert into {ACTS} (acted_by, act, subject, detail, receipt_of) values (%s, %s, %s, %s, %s) returning act_id
    """  # noqa: S608 - our own name
    with db.within(over, home.url_as(PUBLISHER)) as connection:
        return connection.execute(query, (by, act, subject, detail, receipt_of)).fetchall()[0][0]  # type: ignore[arg-type]


def of(subject: str, home: Settings, most: int = 10) -> list[Act]:
    """The newest acts on a subject, the newest first."""
    query = f"select {', '.join(Act._fields)} from {ACTS} where subject = %s order by act_id desc limit %s"  # noqa: S608 - our own names
    with db.connect(home.url_as(PUBLISHER)) as connection:
        return connection.cursor(row_factory=class_row(Act)).execute(query, (subject, most)).fetchall()  # type: ignore[arg-type]
