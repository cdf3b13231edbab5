"""The blend: its weights, the calibration of totals, intervals and sums; the estimate of new customers; and a model
with its files."""
