-- Each model's prediction for every customer at its training date. Value tiers refer to it within their tolerance.

create table predictions.reference_predictions (
    model_version text not null,
    customer_key uuid not null,
    predicted_revenue double precision not null,
    discount_factor double precision not null,
    discount_rate double precision not null,
    historic_revenue double precision not null,
    primary key (model_version, customer_key)
);
comment on table predictions.reference_predictions is
'One row per (model_version, customer_key): what the model predicts, at its training date and for the main horizon, of every customer with a purchase day before it.';
comment on column predictions.reference_predictions.model_version is 'Model that made the prediction.';
comment on column predictions.reference_predictions.customer_key is 'Keyed pseudonym of the customer.';
comment on column predictions.reference_predictions.predicted_revenue is 'Net revenue expected within the main horizon, in money.';
comment on column predictions.reference_predictions.discount_factor is 'What a unit of that revenue is worth at the training date.';
comment on column predictions.reference_predictions.discount_rate is 'The rate a year, a setting of the shop, behind the discount factor.';
comment on column predictions.reference_predictions.historic_revenue is 'Money of all accepted lines before the training date, refunds taken off.';
grant select, insert, delete on predictions.reference_predictions to clv_modeller;
grant select on predictions.reference_predictions to clv_transformer;
