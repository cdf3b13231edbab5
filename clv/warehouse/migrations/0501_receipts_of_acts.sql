-- A receipt says which act it is of: two exports of a list may run at once.

alter table ops.acts add column receipt_of bigint references ops.acts (act_id);
comment on column ops.acts.receipt_of is 'Number of the act that the row is the receipt of; null for an act.';
