"""The services that `clv up` starts and `clv down` stops: the embedded PostgreSQL and Airflow."""
