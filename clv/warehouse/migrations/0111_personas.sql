-- Groups of customers found in the data, by the model that assigns customers to them.

alter table predictions.customer_predictions add column persona text;
comment on column predictions.customer_predictions.persona is
'Persona in words, in the row of the main horizon; null without a model that was trained with personas.';
