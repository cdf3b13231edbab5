"""The headline of a published date: customers, the forecast or why there is none, and the page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from clv.catalog import tables
from clv.core.settings import Settings
from clv.reporting import analyst


@dataclass(frozen=True)
class Headline:
    """What readers see of a published date. predicted_clv: sum over the customers with a forecast, in `currency`.
    status_reason: why some or all customers have none."""

    as_of_date: date
    run_id: str
    customers: int
    forecast: int
    status_reason: str | None
    predicted_clv: float | None
    currency: str | None
    horizon_days: int | None
    page: Path | None

    def lines(self) -> list[tuple[str, str]]:
        """Each figure with its label, one line each."""
        page = [("report", str(self.page))] if self.page else []
        return [
            ("published", f"{self.as_of_date}, run {self.run_id}"),
            ("customers", f"{self.customers:,}"),
            ("forecast", self._forecast()),
            *page,
        ]

    def line(self) -> str:
        """All figures in one line."""
        return f"{self.customers:,} customers; forecast: {self._forecast()}"

    def _forecast(self) -> str:
        if not self.forecast:
            return f"none, {self.status_reason or 'nobody has bought yet'}"
        whom = "" if self.forecast == self.customers else f" of {self.forecast:,} customers"
        return f"{self.predicted_clv:,.0f} {self.currency} of predicted value over {self.horizon_days} days{whom}"


def of(as_of: date, home: Settings) -> Headline | None:
    """The headline of a date; None if none of its runs is published, or if upkeep has removed its rows."""
    query = f"""
        select run_id, removed_at is not null from {tables.PUBLICATIONS} where as_of_date = %(day)s
        order by publication_id desc limit 1
    """  # noqa: S608 - our own names
    published = analyst.fetch(query, home, {"day": as_of})[1]
    if not published or published[0][1]:
        return None
    query = """
        select
            count(*), count(predicted_clv), min(status_reason), sum(predicted_clv), min(currency), max(horizon_days)
        from analytics.customer_clv_history where as_of_date = %(day)s
    """
    (row,) = analyst.fetch(query, home, {"day": as_of})[1]
    page = home.reports / as_of.isoformat() / "index.html"
    return Headline(as_of, published[0][0], *row, page=page if page.exists() else None)
