-- Whether a customer may be contacted, as their orders state it.

alter table raw.order_lines add column may_contact boolean;
comment on column raw.order_lines.may_contact is
'Whether the row says that its customer may be written to; null where it says nothing of it.';
