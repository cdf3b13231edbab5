"""Names of what the warehouse holds: schemas, tables, dbt models and published tables."""
