"""The warehouse's advisory locks by name, in the order in which whoever needs several takes them."""

from __future__ import annotations

# Held, shared, by whoever reads customers and writes them elsewhere; alone by what removes or renames them.
CUSTOMERS = "customers"
# Two builds side by side would meet in the swap of a rebuilt table.
BUILD = "build"
# Held while publishing, and by upkeep while it removes a run's rows.
PUBLISH = "publish"
# Two runs at once would measure the same forecasts.
SCORECARD = "scorecard"
