-- The campaign and the discount code of an order, if the shop's files state them.

alter table raw.order_lines add column campaign text, add column discount_code text;
comment on column raw.order_lines.campaign is 'Campaign that the order came by, in the shop''s own words.';
comment on column raw.order_lines.discount_code is 'Discount code that was redeemed with the order.';
