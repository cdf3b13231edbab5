"""Models of orders and value, learners and baselines."""
