-- An order number may contain the customer's id, and erasures do not reach warnings, so warnings give line numbers
-- instead.
update raw.batch_warnings
set warning = regexp_replace(warning, 'as order ''[^'']*'' on line', 'as the order on line')
where warning like '%as order ''%';
