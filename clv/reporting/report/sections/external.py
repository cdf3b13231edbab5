"""Other systems' forecasts beside ours: which was nearer to the actual outcome."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from clv.catalog import tables
from clv.evaluation.external_scorecard import FEWEST
from clv.reporting.report.reading import RUNS, SLICE, Run

TITLE = "Other systems' forecasts and ours"
# What a metric judges, in words; and how its figures are shown.
MEASURES = {
    "normalized_gini": ("ranking of customers (1 is perfect)", "figure"),
    "rmse": ("error per customer", "money"),
    "bias": ("total, off by", "share"),
    "decile_mape": ("deciles of customers, off by", "share"),
    "top_10_capture": ("revenue from the highest tenth of customers", "share"),
    "auc": ("ranking by churn risk (1 is perfect)", "figure"),
    "brier": ("error of the churn risk (0 is perfect)", "figure"),
}

_SCORES = f"""
    select *, matured_on > %(as_of)s as is_open
    from {tables.EXTERNAL_SCORECARD}
    where as_of_date <= %(as_of)s
    order by system, horizon_days, as_of_date desc, array_position(%(metrics)s, metric)
"""  # noqa: S608 - our own names
_HORIZONS = f"select distinct horizon_days from {RUNS}.customer_clv_horizons {SLICE} order by 1"  # noqa: S608 - our own names


def read(run: Run) -> dict[str, Any] | None:
    """By system and horizon, the latest comparison whose window is over by the page's date, and the next one that is
    still open; None without forecasts of other systems."""
    found = run.rows(_SCORES, metrics=list(MEASURES))
    horizons = [row["horizon_days"] for row in run.rows(_HORIZONS)]
    one_each = groupby(found, key=lambda row: (row["system"], row["horizon_days"]))
    shown = [compared(list(rows), horizons) for _, rows in one_each]
    return {"systems": shown, "horizons": horizons, "fewest": FEWEST, "currency": run.currency} if shown else None


def compared(rows: list[dict], horizons: list[int]) -> dict[str, Any]:
    """What the page shows of one system's forecasts over one horizon. rows: those of its exports, the newest first.
    horizons: the shop's."""
    days = [list(group) for _, group in groupby(rows, key=lambda row: row["as_of_date"])]
    still_open = [group[0] for group in days if group[0]["is_open"]]
    awaited = [row for row in still_open if not obstacle(row, horizons)]
    closed = [group for group in days if not group[0]["is_open"]]
    latest = next((group for group in closed if group[0]["theirs"] is not None), None)
    newest = [*still_open[:1], *(group[0] for group in closed[:1])]
    return {
        "system": rows[0]["system"],
        "horizon_days": rows[0]["horizon_days"],
        "latest": latest and latest[0],
        "verdict": latest and verdict(latest),
        "measures": [
            {**row, "words": MEASURES[row["metric"]][0], "as": MEASURES[row["metric"]][1]} for row in latest or ()
        ],
        "not_judged": next(({**row, "obstacle": why} for row in newest if (why := obstacle(row, horizons))), None),
        "next": awaited[-1] if awaited else None,
        "later": max(len(awaited) - 1, 0),
    }


def obstacle(row: dict, horizons: list[int]) -> str | None:
    """What keeps an export from being judged: horizon, the shop has none of these days; ours, there is no forecast of
    ours; few, too few customers have both. None if nothing does."""
    if row["our_as_of_date"] is None:
        return "ours" if row["horizon_days"] in horizons else "horizon"
    return None if row["is_open"] or row["theirs"] is not None else "few"


def verdict(rows: list[dict]) -> str:
    """Which forecast was nearer, as a sentence. rows: one for each metric."""
    nearer = {
        who: [MEASURES[row["metric"]][0].partition(" (")[0].partition(",")[0] for row in rows if row["nearer"] == who]
        for who in ("ours", "theirs")
    }
    names = {"ours": "Our forecast", "theirs": f"The forecast of {rows[0]['system']}"}
    judged = [row for row in rows if row["nearer"]]
    better = [f"{names[who]} was nearer by {_listed(found)}" for who, found in nearer.items() if found]
    if not better:
        return "Neither forecast was nearer: all differences may be chance."
    rest = len(judged) - sum(map(len, nearer.values()))
    chance = f" The other {'difference' if rest == 1 else 'differences'} may be chance." if rest else ""
    return f"{'. '.join(better)}.{chance}"


def _listed(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
