"""Compares forecasts with actual outcomes: the backtest, the scorecard and the checks of the model in use."""
