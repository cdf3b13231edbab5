"""The mapping language: what a shop's columns mean."""
