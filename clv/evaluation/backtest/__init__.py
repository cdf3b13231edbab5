"""The backtest: forecasts of past dates, made by the pipeline's own code, and the accuracy of them and of the
baselines."""
