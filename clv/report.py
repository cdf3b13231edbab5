"""The page of a published date: CLV_HOME/reports/<as_of_date>/index.html, and an index over all dates.

Self-contained HTML from the published tables; nothing on it names a customer.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import psycopg
from psycopg.rows import dict_row

from clv import pages, publication, roles, settings, tables, warehouse
from clv.errors import ClvError
from clv.roles import PUBLISHER

STATUSES = {"scored": "forecast", "too_little_data": "no forecast: too little data"}
CLV = f"{tables.ANALYTICS_RUNS}.customer_clv"
HORIZONS = f"{tables.ANALYTICS_RUNS}.customer_clv_horizons"
SLICE = "where as_of_date = %(as_of)s and run_id = %(run_id)s"


def write(as_of: date, home: settings.Settings | None = None) -> Path:
    """Writes the page of a date's published run and the index anew, each whole or not at all; returns the page.

    Raises ClvError when nothing is published for the date.
    """
    home = home or settings.load()
    published = publication.current(as_of)
    if published is None:
        raise ClvError(f"nothing is published for {as_of}; run `clv run --as-of {as_of}`")
    page = home.reports / as_of.isoformat() / "index.html"
    pages.replace(page, pages.environment().get_template("report.html").render(_facts(published)))
    write_index(home)
    return page


def write_index(home: settings.Settings | None = None) -> Path:
    """Writes the index over all published dates, the newest first."""
    home = home or settings.load()
    holding: dict[date, publication.Publication] = {}
    for one in publication.history():
        holding.setdefault(one.as_of_date, one)
    rows = [
        {
            "as_of_date": day.isoformat(),
            "run_id": one.run_id,
            "published_at": one.published_at,
            "customers": one.rows_published.get("customer_clv"),
            "has_page": (home.reports / day.isoformat() / "index.html").exists(),
        }
        for day, one in sorted(holding.items(), reverse=True)
    ]
    data_docs = (home.reports / "data_docs" / "index.html").exists()
    text = pages.environment().get_template("index.html").render(publications=rows, data_docs=data_docs)
    pages.replace(home.reports / "index.html", text)
    return home.reports / "index.html"


def _facts(published: publication.Publication) -> dict:
    """Everything the page says, read in one snapshot."""
    with warehouse.connect(roles.url(PUBLISHER)) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        parameters = {"as_of": published.as_of_date, "run_id": published.run_id}

        def read(query: str) -> list[dict]:
            with connection.cursor(row_factory=dict_row) as cursor:
                return cursor.execute(query, parameters).fetchall()  # type: ignore[arg-type]

        totals = read(_TOTALS)[0]
        forecasts = _placed(read(_FORECASTS))
        return {
            "publication": published,
            "totals": totals,
            "verdict": _verdict(totals),
            "tiers": read(_GROUPS.format(column="value_tier")),
            "segments": read(_GROUPS.format(column="segment")),
            "forecasts": forecasts,
            "models": read(_MODELS),
            "statuses": STATUSES,
            "gates": sorted(read(_GATES), key=lambda row: publication.GATES.index(row["gate"])),
        }


_TOTALS = f"""
    select
        count(*) as customers,
        count(*) filter (where status = 'scored') as scored,
        sum(historic_revenue) as historic_revenue,
        sum(predicted_clv) as predicted_clv,
        sum(p_purchase) as buyers,
        max(horizon_days) as horizon_days,
        coalesce(max(currency), 'the shop''s currency') as currency
    from {CLV} {SLICE}
"""
_GROUPS = f"""
    select
        coalesce({{column}}, 'no forecast') as name,
        count(*) as customers,
        sum(historic_revenue) as historic_revenue,
        sum(predicted_clv) as predicted_clv,
        sum(predicted_clv) / nullif(sum(sum(predicted_clv)) over (), 0) as share
    from {CLV} {SLICE}
    group by 1
    order by avg(predicted_clv) desc nulls last, customers desc
"""
_FORECASTS = f"""
    select
        horizon_days,
        sum(expected_orders) as expected_orders,
        sum(predicted_revenue) as predicted_revenue,
        sum(predicted_clv) as predicted_clv,
        sum(predicted_clv_p10) as low,
        sum(predicted_clv_p90) as high
    from {HORIZONS} {SLICE} and predicted_clv is not null
    group by horizon_days
    order by horizon_days
"""
_MODELS = f"""
    select status, model_version, count(*) as customers, string_agg(distinct status_reason, '; ') as reasons
    from {CLV} {SLICE}
    group by status, model_version
    order by customers desc
"""
_GATES = f"""
    select
        gate,
        count(*) as expectations,
        array_agg(expectation order by expectation) filter (where not success) as failed
    from {tables.GATE_RESULTS} where run_id = %(run_id)s
    group by gate
"""


def _placed(forecasts: list[dict]) -> list[dict]:
    """Adds where range and mean stand on a scale from 0 to 100 that all horizons share."""
    top = max((float(value) for row in forecasts for value in (row["high"], row["predicted_clv"]) if value), default=0)
    for row in forecasts:
        for name, column in (("from_", "low"), ("at", "predicted_clv"), ("to", "high")):
            row[name] = round(100 * float(row[column] or 0) / top, 2) if top else 0
    return forecasts


def _verdict(totals: dict) -> str:
    scored, customers = totals["scored"], totals["customers"]
    if not scored:
        return "No forecast was made: the shop has too little data yet. Revenue to date and segments hold all the same."
    if scored == customers:
        return "Every customer has a forecast."
    return f"{scored:,} of {customers:,} customers have a forecast; the others have too little data."
