-- The metrics that training measured of a model and its baselines on each holdout. Analysts read them as
-- analytics.model_backtest.

create table ops.model_backtest (
    model_version text not null,
    training_date date not null,
    horizon_days integer not null,
    origin date not null,
    contestant text not null,
    metric text not null,
    value double precision not null,
    published boolean not null,
    measured_at timestamptz not null default now(),
    primary key (model_version, horizon_days, origin, contestant, metric)
);
comment on table ops.model_backtest is
'One row per (model_version, horizon_days, origin, contestant, metric), written with the decisions of ops.model_decisions. Its columns are those of analytics.model_backtest.';

grant select, insert, delete on ops.model_backtest to clv_modeller;
grant select on ops.model_backtest to clv_transformer;
