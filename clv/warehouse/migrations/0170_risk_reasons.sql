-- The reasons for a customer's risk, beside the reasons for their value.

alter table predictions.customer_predictions add column risk_reasons jsonb;
comment on column predictions.customer_predictions.reasons is
'Up to three reasons for the money, in the row of the main horizon: group, words, effect on predicted_revenue.';
comment on column predictions.customer_predictions.risk_reasons is
'Up to three reasons for 1 - p_purchase, in the row of the main horizon: group, words, effect in percentage points.';
