"""The functions of the steps. Each takes (as_of_date, run_id), replaces its own slice and returns facts.

`clv.pipeline.steps` names them. A module of this package is imported when its step runs, so its imports can stand at
the top.
"""
