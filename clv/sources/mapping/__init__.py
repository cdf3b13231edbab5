"""The language of mappings: keys, and the SQL for the columns that they name."""
