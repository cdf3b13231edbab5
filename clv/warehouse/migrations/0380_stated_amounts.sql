-- What an export states in all for a row, and the parts of it that are no revenue, where the mapping names them.

alter table raw.order_lines
add column stated_amount numeric,
add column tax numeric,
add column shipping numeric,
add column tip numeric,
add column gift_card numeric,
add column discount_off numeric;
comment on column raw.order_lines.stated_amount is 'Money that the export states for the row, of which the mapping takes something off; null if the amount is all.';
comment on column raw.order_lines.tax is 'Tax and duties that are a part of stated_amount.';
comment on column raw.order_lines.shipping is 'Shipping charged that is a part of stated_amount.';
comment on column raw.order_lines.tip is 'Tips that are a part of stated_amount.';
comment on column raw.order_lines.gift_card is 'Sold gift cards that are a part of stated_amount.';
comment on column raw.order_lines.discount_off is 'Discounts that are a part of stated_amount.';
