"""Lists of customers to act on: what is on them, and who approved them. dbt makes them (list_members)."""
