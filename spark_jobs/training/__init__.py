"""Fits the model of a training date, judges it on its holdouts, and keeps the record of it."""
