"""The steps of a run, in order: the one place that knows all the others."""
