"""Where everything runs: PostgreSQL, processes, Airflow, backups."""
