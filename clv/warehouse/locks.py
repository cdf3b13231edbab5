"""The names of the warehouse's advisory locks. Code that needs several takes them in this order, so that no two
processes wait for each other."""

from __future__ import annotations

# Shared by steps that read customers and write them elsewhere; exclusive for steps that remove or rename customers.
CUSTOMERS = "customers"
# Shared by steps that read intermediate or what is built from it at a date; exclusive while ids are counted under the
# keys of their persons as of another date.
PERSONS = "persons"
# Held during a dbt build: two builds at once would collide when they swap a rebuilt table.
BUILD = "build"
# Held while publishing, and by upkeep while it deletes a run's rows.
PUBLISH = "publish"
# Held while the scorecard is measured: two runs at once would measure the same forecasts.
SCORECARD = "scorecard"
# Held while a read-out of an experiment, or uplift that was learned from one, replaces an earlier one.
READ_OUTS = "read-outs"
# Held while customers are taken into a batch of an export: two at once would not count each other's contacts.
EXPORTS = "exports"
