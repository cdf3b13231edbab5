"""Metrics of forecasts, promotion of a forecaster, and the search for parameters."""
