"""Models of orders and of order value, learners, and the forecasters that are published or compared."""
