-- The metrics of a model and of its baselines, measured before one of them was published.

create table ops.model_decisions (
    model_version text not null,
    training_date date not null,
    horizon_days integer not null,
    contestant text not null,
    origins text not null,
    normalized_gini double precision not null,
    rmse double precision not null,
    bias double precision not null,
    published boolean not null,
    decided_at timestamptz not null default now(),
    primary key (model_version, horizon_days, contestant)
);
comment on table ops.model_decisions is
'One row per (model_version, horizon_days, contestant): how the model and each rival did on the latest closed origins, and which of them is published. A rival is published where it is better at ranking, at error and at the total.';
comment on column ops.model_decisions.model_version is 'The model that was judged.';
comment on column ops.model_decisions.training_date is 'Everything strictly before it was known.';
comment on column ops.model_decisions.horizon_days is 'Days of the windows that were forecast.';
comment on column ops.model_decisions.contestant is 'perennial for the model itself, else the name of a rival.';
comment on column ops.model_decisions.origins is 'The past dates forecast, without anything known after them.';
comment on column ops.model_decisions.normalized_gini is 'Ranking of customers by money, 1 at best; mean over the origins.';
comment on column ops.model_decisions.rmse is 'Root mean squared error of a customer, in money; mean over the origins.';
comment on column ops.model_decisions.bias is 'Size of the total''s error as a share of what came; mean over the origins.';
comment on column ops.model_decisions.published is 'Whether this contestant''s forecast is the one published.';
comment on column ops.model_decisions.decided_at is 'When the row was written.';
