"""What the layers share: settings, the one date, table names, warehouse access, ingestion, publication, the `clv` command."""
