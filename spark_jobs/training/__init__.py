"""Fits the model of a training date, judges it on its holdouts, and keeps its training record."""
