-- What tells a batch's rows apart decides what it replaces: where deliveries say whole orders, earlier ones of an order.

alter table raw.batches add column row_key text;
comment on column raw.batches.row_key is
'What told its rows apart, and so what it replaces: order and customer_order where a delivery says whole orders, else line, customer_order_time or content; null for ad spend, and where it was loaded before that was kept.';
