"""The Spark session, reading and writing the warehouse, Arrow, and model files."""
