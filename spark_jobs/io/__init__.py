"""The Spark session, reading and writing of the warehouse, conversion of Arrow batches, and model files."""
