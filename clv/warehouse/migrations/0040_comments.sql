comment on table ops.runs is
    'One row per run of clv_daily or clv_train: run_id is as_of_date and the run''s number for that date.';
