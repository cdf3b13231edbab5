alter table predictions.customer_predictions
add column own_spread double precision, add column total_spread double precision, add column group_spread double precision;
comment on column predictions.customer_predictions.own_spread is
'Standard deviation of the customer''s revenue apart from errors that customers share.';
comment on column predictions.customer_predictions.total_spread is
'Standard deviation, in logs, of the error that all customers share: the same for all of a horizon.';
comment on column predictions.customer_predictions.group_spread is
'Standard deviation, in logs, of the error that customers of a group share beyond that: the same for all of a horizon.';
