"""Scoring the customers of a date, in parts: on this machine's cores, or on Spark."""
