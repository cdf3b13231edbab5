-- Orders are kept as versions (intermediate.int_order_versions), and analytics_runs.fct_orders becomes a view on them.
-- Runs of earlier versions, which copied their orders, keep the copies in a table that the view shows too.

do $$
begin
    if exists (select from pg_class where oid = to_regclass('analytics_runs.fct_orders') and relkind = 'r') then
        alter table analytics_runs.fct_orders rename to orders_of_earlier_runs;
    end if;
end
$$;

create table if not exists analytics_runs.orders_of_earlier_runs (
    as_of_date date,
    run_id text,
    order_key text,
    primary key (as_of_date, run_id, order_key)
);

alter table analytics_runs.orders_of_earlier_runs
add column if not exists as_of_date date,
add column if not exists run_id text,
add column if not exists customer_key uuid,
add column if not exists kind text,
add column if not exists ordered_on date,
add column if not exists ordered_at timestamp without time zone,
add column if not exists order_number integer,
add column if not exists currency text,
add column if not exists gross_revenue numeric(18, 2),
add column if not exists discount numeric(18, 2),
add column if not exists refunds numeric(18, 2),
add column if not exists refunded_on date,
add column if not exists last_refunded_on date,
add column if not exists net_revenue numeric(18, 2),
add column if not exists profit numeric(18, 2),
add column if not exists items numeric,
add column if not exists channel text,
add column if not exists country text,
add column if not exists main_category text,
add column if not exists campaign text,
add column if not exists discount_code text;

comment on table analytics_runs.orders_of_earlier_runs is
'One row per (as_of_date, run_id, order_key): orders of runs that were built when each run copied its orders.';
grant select on analytics_runs.orders_of_earlier_runs to clv_transformer, clv_publisher;
comment on column analytics_runs.orders_of_earlier_runs.as_of_date is
'As-of date of the row, which uses only data dated strictly before it.';
comment on column analytics_runs.orders_of_earlier_runs.run_id is
'Run that made the row.';
comment on column analytics_runs.orders_of_earlier_runs.order_key is
'The order across sources: source and order_id, joined by a colon. If several customers have orders with '
'the same order_id, the customer who had it first has this key; the keys of the others end in their '
'customer_key.';
comment on column analytics_runs.orders_of_earlier_runs.customer_key is
'Keyed pseudonym of the customer.';
comment on column analytics_runs.orders_of_earlier_runs.kind is
'order; free for an order without revenue, which does not count as a purchase; refund_only for refunds '
'whose order is not known.';
comment on column analytics_runs.orders_of_earlier_runs.ordered_on is
'Day of the order; day of the first refund if kind is refund_only.';
comment on column analytics_runs.orders_of_earlier_runs.ordered_at is
'Time of the order''s earliest line, in the shop''s reporting time zone; midnight if the source gives only'
' days. Time of the first refund if kind is refund_only.';
comment on column analytics_runs.orders_of_earlier_runs.order_number is
'Number of the order among the customer''s orders, from 1; null if kind is not order.';
comment on column analytics_runs.orders_of_earlier_runs.currency is
'ISO 4217 code of every amount of money in the row; XXX if no source states one.';
comment on column analytics_runs.orders_of_earlier_runs.gross_revenue is
'Money of the order as placed, after discounts and before refunds.';
comment on column analytics_runs.orders_of_earlier_runs.discount is
'Money taken off before gross_revenue, 0 or positive; 0 if the source has no discounts. The price before '
'discounts is gross_revenue plus discount.';
comment on column analytics_runs.orders_of_earlier_runs.refunds is
'Money refunded before the date, 0 or negative.';
comment on column analytics_runs.orders_of_earlier_runs.refunded_on is
'Day of the order''s first refund before the date; null if nothing was refunded.';
comment on column analytics_runs.orders_of_earlier_runs.last_refunded_on is
'Day of the order''s last refund before the date; null if nothing was refunded.';
comment on column analytics_runs.orders_of_earlier_runs.net_revenue is
'Gross revenue plus refunds. Its sum per customer is the historic_revenue of customer_clv, to the penny.';
comment on column analytics_runs.orders_of_earlier_runs.profit is
'Amount minus cost where the cost is known, else net revenue times the shop''s gross_margin (1 if it is not set).';
comment on column analytics_runs.orders_of_earlier_runs.items is
'Items of the order, by quantity; 0 if the source has none.';
comment on column analytics_runs.orders_of_earlier_runs.channel is
'Channel of the order.';
comment on column analytics_runs.orders_of_earlier_runs.country is
'Country of the order.';
comment on column analytics_runs.orders_of_earlier_runs.main_category is
'Most frequent category of the order''s lines.';
comment on column analytics_runs.orders_of_earlier_runs.campaign is
'Campaign of the order; null if the source states none.';
comment on column analytics_runs.orders_of_earlier_runs.discount_code is
'Discount code that was redeemed with the order; the first in alphabetical order if there were several.';

comment on sequence ops.order_line_states is
'Numbers the states of intermediate.int_order_line_versions and int_order_versions: it never goes back.';
