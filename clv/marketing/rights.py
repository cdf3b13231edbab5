"""The roles of Airflow's users, by what they may do here."""

MARKETER = "marketer"  # sees these pages and the reports, and nothing of Airflow's own
ACTING = {MARKETER, "admin"}
LOOKING = {*ACTING, "viewer", "user", "op"}  # all roles of Airflow's users
