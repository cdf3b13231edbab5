"""Connectors: where batches come from. There is one module for each kind of place, with a Connector (protocol.py)."""
