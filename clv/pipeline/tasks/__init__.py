"""What the steps of a run do: functions of (as_of_date, run_id) that replace their own slice and return facts.

`clv.pipeline.steps` names them, and they are imported when they are taken, so whatever they need stands at the top.
"""
