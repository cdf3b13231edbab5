"""Metrics, promotion and tuning."""
