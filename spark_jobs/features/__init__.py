"""Feature list, examples, drift."""
