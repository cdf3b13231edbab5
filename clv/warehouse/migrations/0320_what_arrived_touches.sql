-- Staging and intermediate are changed by what arrived (docs/decisions/0140-the-day-costs-the-day.md).

-- Single rows of a batch are looked up.
create index order_lines_batch_line on raw.order_lines (_batch_id, _line);
drop index if exists raw.order_lines__batch_id_idx;

create function ops.group_hash(kind text, source text, value text) returns bigint
language sql immutable parallel safe
return hashtextextended(kind || ':' || source || ':' || value, 0);
comment on function ops.group_hash is
'Hash of a group of rows of raw.order_lines: kind order has the order id as value, kind row the row key.';

create table ops.touched_customers (customer_key uuid primary key);
comment on table ops.touched_customers is
'Customers whose accepted lines changed since intermediate was last built.';
grant select, insert, delete on ops.touched_customers to clv_transformer;
