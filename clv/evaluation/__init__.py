"""Forecasts judged by what happened: the backtest and the scorecard."""
