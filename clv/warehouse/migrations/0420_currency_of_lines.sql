-- The currency of a line that a mapping converts by the rate of the day, and the fixed rate by which it was converted.

alter table raw.order_lines
add column currency text,
add column fixed_rate numeric;
comment on column raw.order_lines.currency is 'Currency of the row in its file; null if it is the warehouse''s, or if the rate of the day does not apply.';
comment on column raw.order_lines.fixed_rate is 'Rate of the mapping by which the money of the row was converted; null if currency is null.';
create index on raw.order_lines (currency, ordered_at) where currency is not null;
