"""The place for marketers, behind Airflow's sign-in: pages of lists, customers and experiments, and acts on them."""
