"""Where it runs: PostgreSQL, processes, Airflow, backup."""
