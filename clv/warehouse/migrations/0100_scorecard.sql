-- Every matured forecast compared with the actual outcome. Analysts read it as analytics.clv_scorecard.

create table ops.clv_scorecard (
    as_of_date date not null,
    run_id text not null,
    horizon_days integer not null,
    grouped_by text not null,
    group_name text not null,
    matured_on date not null,
    currency text,
    customers integer not null,
    predicted_revenue numeric(18, 2),
    actual_revenue numeric(18, 2),
    bias numeric,
    wape numeric,
    mean_absolute_error numeric(18, 2),
    coverage_80 numeric,
    mean_p_purchase numeric,
    share_bought numeric,
    outcome_digest numeric not null,
    measured_at timestamptz not null default now(),
    primary key (as_of_date, run_id, horizon_days, grouped_by, group_name)
);
comment on table ops.clv_scorecard is
'One row per (as_of_date, run_id, horizon_days, grouped_by, group_name): a published forecast whose days are over, against what happened. Its columns are those of analytics.clv_scorecard, and outcome_digest. A forecast of no customer has one row, of 0 customers.';
comment on column ops.clv_scorecard.outcome_digest is
'Digest of the customers'' days that the forecast was measured by: where they have changed, it is measured again.';

grant select, insert, delete on ops.clv_scorecard to clv_publisher;
grant select on ops.clv_scorecard to clv_transformer;
