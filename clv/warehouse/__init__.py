"""The warehouse: connections, roles, migrations, runs, publications, pseudonyms, erasures and models."""
