-- Whether a model is still good enough at a date: matured forecasts compared with actual outcomes, and the features
-- compared with those of the training.

create table ops.model_checks (
    as_of_date date not null,
    run_id text not null,
    model_version text not null,
    check_name text not null,
    forecast_of date,
    expected double precision,
    observed double precision not null,
    allowed double precision not null,
    passed boolean not null,
    checked_at timestamptz not null default now(),
    primary key (run_id, check_name)
);
comment on table ops.model_checks is
'One row per (run_id, check_name): what was found when a run looked whether its model still holds. Where a check fails, the model of the week takes the place of the month''s.';
comment on column ops.model_checks.as_of_date is 'The date of the run; nothing dated on or after it was looked at.';
comment on column ops.model_checks.run_id is 'The run that checked.';
comment on column ops.model_checks.model_version is 'The model that was checked.';
comment on column ops.model_checks.check_name is
'drift of a feature; or ranking or total of the published forecast that matured last, by horizon in days.';
comment on column ops.model_checks.forecast_of is 'The date whose published forecast matured; null for drift.';
comment on column ops.model_checks.expected is
'Ranking: normalised Gini on the dates held back in training. Total: money forecast. Null for drift.';
comment on column ops.model_checks.observed is
'Drift: population stability index. Ranking: normalised Gini. Total: money that came.';
comment on column ops.model_checks.allowed is
'Drift: the index at most. Ranking: how far it may fall. Total: how many times too much or too little.';
comment on column ops.model_checks.passed is 'Whether the model held.';
comment on column ops.model_checks.checked_at is 'When the row was written.';
