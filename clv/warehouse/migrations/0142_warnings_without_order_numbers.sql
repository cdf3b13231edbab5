-- An order's number may be made of its customer, and an erasure does not reach warnings: the line tells as much.
update raw.batch_warnings
set warning = regexp_replace(warning, 'as order ''[^'']*'' on line', 'as the order on line')
where warning like '%as order ''%';
