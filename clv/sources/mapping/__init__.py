"""The mapping language: which of a shop's columns is what."""
