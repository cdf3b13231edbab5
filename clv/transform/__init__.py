"""Runs dbt, and reads metrics and the data dictionary from what it built."""
