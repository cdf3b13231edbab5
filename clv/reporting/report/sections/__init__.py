"""The sections of a date's pages, in their order.

A section is a module of this folder and a template of the same name in clv/reporting/templates/report. The module has a
TITLE and `read(run)`, which returns what the template shows as `facts`, or None to leave the section out.
"""

from __future__ import annotations

from clv.reporting.report.sections import (
    accuracy,
    baselines,
    changes,
    channels,
    cohorts,
    customers,
    experiments,
    external,
    forecast,
    lists,
    made,
    quality,
    revenue,
    segments,
    shop,
    value,
)

FOR_MARKETERS = (shop, forecast, changes, customers, lists, value, segments, cohorts, channels, experiments, external)
FOR_OPERATORS = (made, revenue, quality, accuracy, baselines)
