"""Probabilistic forecasters: expected orders until a customer leaves, times the order value."""
