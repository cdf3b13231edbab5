"""Orders: one row per line of an order."""
