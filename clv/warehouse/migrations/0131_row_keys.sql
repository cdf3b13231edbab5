-- What identifies a batch's rows also decides what the batch replaces. If deliveries state whole orders, a batch
-- replaces earlier deliveries of its orders.

alter table raw.batches add column row_key text;
comment on column raw.batches.row_key is
'What told its rows apart, and so what it replaces: order and customer_order where a delivery says whole orders, else line, customer_order_time or content; null for ad spend, and where it was loaded before that was kept.';
