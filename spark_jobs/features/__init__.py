"""The feature list, outcomes and drift."""
