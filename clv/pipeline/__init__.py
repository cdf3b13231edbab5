"""The steps of a run, in order. This is the only room that knows all others."""
