-- Experiments: what was started, who is in which arm, and what read-outs found (clv/decisions/experiments).

create table ops.experiments (
    experiment text primary key,
    started_on date not null,
    run_id text not null,
    definition jsonb not null,
    started_at timestamptz not null default now(),
    stopped_on date
);
comment on table ops.experiments is
'One row per experiment that was started. Its definition does not change any more, whatever its file says.';
comment on column ops.experiments.started_on is 'First day of the window: the published date whose customers were divided.';
comment on column ops.experiments.run_id is 'Run whose rows of customer_clv the population was selected from.';
comment on column ops.experiments.definition is 'Content of the experiment''s file at the start.';
comment on column ops.experiments.stopped_on is
'First day that does not count, if somebody stopped the experiment before the window was over.';

create table ops.experiment_assignments (
    experiment text not null references ops.experiments (experiment),
    customer_key uuid not null,
    arm text not null,
    value_band text not null,
    forecast double precision not null,
    primary key (experiment, customer_key)
);
comment on table ops.experiment_assignments is 'One row per (experiment, customer_key): the arm of a customer, as divided at the start.';
comment on column ops.experiment_assignments.customer_key is 'Keyed pseudonym of the customer.';
comment on column ops.experiment_assignments.value_band is 'Value tier at the start; customers were divided within it.';
comment on column ops.experiment_assignments.forecast is 'Forecast of the outcome at the start, 0 without one.';
create index experiment_assignments_by_customer on ops.experiment_assignments (customer_key);

create table ops.experiment_results (
    experiment text not null references ops.experiments (experiment),
    as_of_date date not null,
    metric text not null,
    arm text not null,
    control text not null,
    state text not null,
    started_on date not null,
    window_days integer not null,
    days_read integer not null,
    customers integer not null,
    control_customers integer not null,
    mean double precision,
    control_mean double precision,
    difference double precision,
    difference_low double precision,
    difference_high double precision,
    p_value double precision,
    adjusted_difference double precision,
    adjusted_low double precision,
    adjusted_high double precision,
    always_valid_low double precision,
    always_valid_high double precision,
    sample_ratio_p double precision not null,
    currency text not null,
    message text not null,
    measured_at timestamptz not null default now(),
    primary key (experiment, as_of_date, metric, arm)
);
comment on table ops.experiment_results is
'One row per (experiment, as_of_date, metric, arm): an arm compared with the control. Its columns are those of analytics.experiment_results.';

grant select, insert on ops.experiments to clv_publisher;
grant update (stopped_on) on ops.experiments to clv_publisher;
grant select, insert on ops.experiment_assignments to clv_publisher;
grant select, insert, delete on ops.experiment_results to clv_publisher;
grant select on ops.experiments, ops.experiment_assignments, ops.experiment_results to clv_transformer;
