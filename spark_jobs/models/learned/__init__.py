"""Forecasters learned from closed windows: Spark's own learners, and plain XGBoost."""
