"""Models of orders and of order value, the feature matrix, learners, and forecasters."""
