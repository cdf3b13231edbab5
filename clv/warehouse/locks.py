"""The warehouse's advisory locks by name. Code that needs several takes them in this order."""

from __future__ import annotations

# Shared by those who read customers and write them elsewhere; exclusive for those who remove or rename customers.
CUSTOMERS = "customers"
# Two builds at the same time would collide when they swap a rebuilt table.
BUILD = "build"
# Held while publishing, and by upkeep while it deletes a run's rows.
PUBLISH = "publish"
# Two runs at the same time would measure the same forecasts.
SCORECARD = "scorecard"
