"""Forecasters that are learned from closed windows: Spark's usual learners and plain XGBoost."""
