"""Where batches come from: a module for each kind of place, each a Connector (protocol.py)."""
