"""dbt: its runner, its environment, and what is read from its manifest."""
