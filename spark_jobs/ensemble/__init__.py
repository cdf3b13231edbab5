"""The blend: weights, calibration, intervals, totals."""
