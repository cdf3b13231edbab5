"""Reads CSV, JSON, Parquet, text lines and workbooks into one table of texts, `received`."""
