"""Forecasts of past dates by the pipeline itself, and how good they and simpler ones were."""
