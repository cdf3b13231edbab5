"""The Spark session, reading and writing of the warehouse, and conversion of Arrow batches."""
