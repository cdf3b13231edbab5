"""Experiments: customers are divided at random, some are acted on, and the difference of their outcomes is read."""
