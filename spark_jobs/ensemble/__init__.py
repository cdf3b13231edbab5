"""The blend: weights, calibration, intervals, totals; customers to come; a model and its files."""
