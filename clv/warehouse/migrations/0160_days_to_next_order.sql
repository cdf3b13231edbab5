alter table predictions.customer_predictions add column days_to_next_order double precision;
comment on column predictions.customer_predictions.days_to_next_order is
'Days from as_of_date to the day by which an order is as likely as not; null where it is not within the longest horizon.';
