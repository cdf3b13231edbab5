"""What the layers share: settings, the one date, table names, warehouse access, the steps, the `clv` command."""
