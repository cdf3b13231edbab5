"""The feature list, examples, outcomes and drift."""
