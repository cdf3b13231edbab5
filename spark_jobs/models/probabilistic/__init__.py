"""Forecasters that are probabilistic models: orders until a customer leaves, times the value of one."""
