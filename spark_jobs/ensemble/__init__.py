"""The blend: weights, level, intervals, totals."""
