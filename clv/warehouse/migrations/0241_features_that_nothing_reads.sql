-- Features that no model, table or page reads.

alter table if exists features.customer_features
drop column if exists frequency,
drop column if exists refunds_total,
drop column if exists season_sin,
drop column if exists season_cos;

alter table if exists features.training_examples
drop column if exists frequency,
drop column if exists refunds_total,
drop column if exists season_sin,
drop column if exists season_cos;
