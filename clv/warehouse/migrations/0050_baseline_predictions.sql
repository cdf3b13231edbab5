-- Predictions of simpler methods for the same customers, which the forecast is compared with.

create table predictions.baseline_predictions (
    as_of_date date not null,
    run_id text not null,
    customer_key uuid not null,
    horizon_days integer not null,
    model text not null,
    p_purchase double precision check (p_purchase > 0 and p_purchase < 1),
    expected_orders double precision check (expected_orders >= 0),
    predicted_mean double precision not null check (predicted_mean >= 0),
    predicted_p50 double precision check (predicted_p50 >= 0),
    primary key (as_of_date, run_id, customer_key, horizon_days, model)
);
comment on table predictions.baseline_predictions is
'One row per (as_of_date, run_id, customer_key, horizon_days, model) for every customer with a purchase day before the date. Baselines that could not be fitted have no rows.';
comment on column predictions.baseline_predictions.as_of_date is 'Date the forecast is for: everything strictly before it was known.';
comment on column predictions.baseline_predictions.run_id is 'Run that made the row.';
comment on column predictions.baseline_predictions.customer_key is 'Keyed pseudonym of the customer.';
comment on column predictions.baseline_predictions.horizon_days is 'Days from the date that the forecast covers.';
comment on column predictions.baseline_predictions.model is 'Name of the baseline, such as trailing or bgnbd_gg.';
comment on column predictions.baseline_predictions.p_purchase is 'Chance of at least one order within the horizon; null where the baseline says nothing of it.';
comment on column predictions.baseline_predictions.expected_orders is 'Purchase days expected within the horizon; null where the baseline says nothing of them.';
comment on column predictions.baseline_predictions.predicted_mean is 'Net revenue expected within the horizon, in money.';
comment on column predictions.baseline_predictions.predicted_p50 is 'Median of the net revenue within the horizon, in money; null where the baseline has none of its own.';
