"""Compares deep models with the anchor and boosted trees, from orders alone: `python -m benchmarks.deep`."""
