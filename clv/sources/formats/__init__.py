"""CSV, JSON, Parquet, lines and workbooks into one table of texts, `received`."""
