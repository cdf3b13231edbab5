"""Connections, roles, migrations, runs and publication."""
