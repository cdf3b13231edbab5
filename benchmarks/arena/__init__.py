"""Judges the forecast on real and simulated shops again and again, without a database; see `__main__`."""
